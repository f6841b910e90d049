/**
 * How the content map is scaled, and its penalty: what finds most of the trained items that are treated as if they had never been
 * seen, group by group, each placed by a map that was fitted to the others.
 *
 *   score(j) = s u . O(phi_j M_E) + phi_j M_b + o        o: how much a new item is lifted over what its content alone tells
 *
 * The lift has a price: a new item that is shown takes a place from one that is known to be liked, and without a price nothing new is
 * ever shown, since what is known is the better guess. So the others may lose `price` of their NDCG@10 to a group, and within that
 * the NDCG@50 of the group's own cases decides (at 10 so few are found that luck would).
 */
import { discountedHitAt } from '../evaluation/metrics.js';
import type { Case } from '../log/split.js';

/** M's penalty, see `ridge`; its scale s and offset o. */
export interface ContentChoice {
  readonly penalty: number;
  readonly scale: number;
  readonly offset: number;
}

/** The items of a group as a penalty's map places them. */
export interface PlacedGroup {
  readonly rows: readonly number[];
  readonly penalty: number;
  /** phi M of each as it scores, O | b [d + 1] */
  readonly places: readonly Float64Array[];
}

/** Share of their NDCG@10 that new items may cost all others. */
const price = 0.02;
/** rising; the first silences the new items */
const offsets = [-100, -10, -5, ...Array.from({ length: 33 }, (_, at) => -2 + at / 4)];
const longest = 50;
const gainOfOthers = discountedHitAt(10);
const gainOfGroup = discountedHitAt(longest);

/** By scale and offset: the gains of the group's own cases and of all others. */
interface Sums {
  readonly group: Float64Array;
  readonly others: Float64Array;
  /** of the others where the group is not ranked */
  alone: number;
}

export class ContentJudge {
  private readonly sums = new Map<number, Sums>();

  constructor(
    private readonly groups: readonly PlacedGroup[],
    private readonly scales: readonly number[],
  ) {}

  /** One case: its query vector u and the scores of all rows as they are served, rules and all. */
  take(u: Float32Array, scores: Float32Array, { target, excluded }: Case): void {
    const out = new Set(excluded);
    const best = new Map<readonly number[], Float64Array>(); // by rows: a group has the same for each penalty
    for (const { rows, places, penalty } of this.groups) {
      let others = best.get(rows);
      if (others === undefined) best.set(rows, (others = bestOfOthers(scores, rows, out, target)));
      const sums = this.sumsOf(penalty);
      const along = places.map((place) => dot(u, place));
      const own = rows.indexOf(target);
      if (own < 0) sums.alone += gainOfOthers(countFrom(others, scores[target] ?? 0));
      for (const [s, scale] of this.scales.entries()) {
        const placed = places.map((place, at) => scale * (along[at] ?? 0) + (place[u.length] ?? 0));
        const bestPlaced = highest(placed, (at) => at === own || out.has(rows[at] ?? 0));
        for (const [o, offset] of offsets.entries()) {
          const mine = own < 0 ? (scores[target] ?? 0) : (placed[own] ?? 0) + offset;
          const rank = countFrom(others, mine) + countFrom(bestPlaced, mine - offset);
          const at = s * offsets.length + o;
          if (own < 0) add(sums.others, at, gainOfOthers(rank));
          else add(sums.group, at, gainOfGroup(rank));
        }
      }
    }
  }

  /** Of equal ones the first: the penalties in the order of the groups, then the smallest scale, then the least lift. */
  choice(): ContentChoice {
    let chosen = { penalty: this.groups[0]?.penalty ?? 1, scale: 1, offset: 0, found: -1 };
    for (const [penalty, { group, others, alone }] of this.sums) {
      group.forEach((found, at) => {
        if (found <= chosen.found || (others[at] ?? 0) < (1 - price) * alone) return;
        const scale = this.scales[Math.floor(at / offsets.length)] ?? 1;
        chosen = { penalty, scale, offset: offsets[at % offsets.length] ?? 0, found };
      });
    }
    const { penalty, scale, offset } = chosen;
    return { penalty, scale, offset };
  }

  private sumsOf(penalty: number): Sums {
    let sums = this.sums.get(penalty);
    if (sums === undefined) {
      const size = this.scales.length * offsets.length;
      this.sums.set(penalty, (sums = { group: new Float64Array(size), others: new Float64Array(size), alone: 0 }));
    }
    return sums;
  }
}

/** The highest scores of the rows outside of the group, the target left out. */
function bestOfOthers(
  scores: Float32Array,
  group: readonly number[],
  out: ReadonlySet<number>,
  target: number,
): Float64Array {
  const inside = new Set(group);
  return highest(scores, (row) => row === 0 || row === target || inside.has(row) || out.has(row));
}

/** The `longest` highest, falling; fewer where there are fewer. */
function highest(scores: ArrayLike<number>, isOut: (at: number) => boolean): Float64Array {
  const best: number[] = [];
  for (let at = 0; at < scores.length; at++) {
    const score = scores[at] ?? 0;
    if (best.length === longest && score <= (best[longest - 1] ?? 0)) continue;
    if (isOut(at)) continue;
    let place = best.length;
    while (place > 0 && (best[place - 1] ?? 0) < score) place--;
    best.splice(place, 0, score);
    if (best.length > longest) best.pop();
  }
  return Float64Array.from(best);
}

/** Ties count against the target, as everywhere. */
function countFrom(falling: Float64Array, bar: number): number {
  const below = falling.findIndex((score) => score < bar);
  return below < 0 ? falling.length : below;
}

function dot(u: Float32Array, place: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < u.length; at++) sum += (u[at] as number) * (place[at] as number);
  return sum;
}

function add(sums: Float64Array, at: number, value: number): void {
  sums[at] = (sums[at] ?? 0) + value;
}
