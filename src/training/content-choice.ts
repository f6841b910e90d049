/**
 * How the content map is scaled, and its penalty: what ranks best on validation when a group of the trained items is as if it had
 * never been seen, that is, placed by a map that was fitted to the others.
 *
 *   score(j) = s u . phi_j M_E + phi_j M_b + o           s: a regression gives vectors that are too short
 *                                                        o: how much less than the items of the fit a new one is asked for
 *
 * What is best is the NDCG@10 over all cases, those whose target is of the group beside all others: new items gain as far as they
 * take less from the rest than they win. Several groups are judged one after the other; the groups share no item.
 */
import { discountedHitAt } from './metrics.js';
import type { Case } from './split.js';

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
  /** phi M of each [d + 1] */
  readonly places: readonly Float64Array[];
}

const cutoff = 10;
const scales = [0.8, 1, 1.3, 1.7, 2.2];
const offsets = [-4, -3, -2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2];
const gain = discountedHitAt(cutoff);

export class ContentJudge {
  /** by penalty, scale and offset */
  private readonly sums = new Map<number, Float64Array>();

  constructor(private readonly groups: readonly PlacedGroup[]) {}

  /** One case: its query vector u and the scores of all rows as they are served, rules and all. */
  take(u: Float32Array, scores: Float32Array, { target, excluded }: Case): void {
    const out = new Set(excluded);
    const others = new Map<readonly number[], Float64Array>(); // by rows: the groups of several penalties share them
    for (const group of this.groups) {
      const { rows, places, penalty } = group;
      let best = others.get(rows);
      if (best === undefined) others.set(rows, (best = bestOfOthers(scores, rows, out, target)));
      const sums = this.sumsOf(penalty);
      const along = places.map((place) => dot(u, place));
      const own = rows.indexOf(target);
      scales.forEach((scale, s) => {
        const placed = places.map((place, at) => scale * (along[at] ?? 0) + (place[u.length] ?? 0));
        const bestPlaced = highest(placed, (at) => at === own || out.has(rows[at] ?? 0));
        offsets.forEach((offset, o) => {
          const mine = own < 0 ? (scores[target] ?? 0) : (placed[own] ?? 0) + offset;
          const rank = countFrom(best, mine) + countFrom(bestPlaced, mine - offset);
          const at = s * offsets.length + o;
          sums[at] = (sums[at] ?? 0) + gain(rank);
        });
      });
    }
  }

  /** Of equal ones the first: the largest penalty if the groups are in that order, then the smallest scale and offset. */
  choice(): ContentChoice {
    let chosen: ContentChoice & { readonly sum: number } = { penalty: 1, scale: 1, offset: 0, sum: -1 };
    for (const [penalty, sums] of this.sums) {
      sums.forEach((sum, at) => {
        if (sum <= chosen.sum) return;
        const scale = scales[Math.floor(at / offsets.length)] ?? 1;
        chosen = { penalty, scale, offset: offsets[at % offsets.length] ?? 0, sum };
      });
    }
    const { penalty, scale, offset } = chosen;
    return { penalty, scale, offset };
  }

  private sumsOf(penalty: number): Float64Array {
    let sums = this.sums.get(penalty);
    if (sums === undefined) this.sums.set(penalty, (sums = new Float64Array(scales.length * offsets.length)));
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

/** The `cutoff` highest, falling; fewer where there are fewer. */
function highest(scores: ArrayLike<number>, isOut: (at: number) => boolean): Float64Array {
  const best: number[] = [];
  for (let at = 0; at < scores.length; at++) {
    const score = scores[at] ?? 0;
    if (best.length === cutoff && score <= (best[cutoff - 1] ?? 0)) continue;
    if (isOut(at)) continue;
    let place = best.length;
    while (place > 0 && (best[place - 1] ?? 0) < score) place--;
    best.splice(place, 0, score);
    if (best.length > cutoff) best.pop();
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
