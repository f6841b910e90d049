/**
 * From candidates to the places of an answer. Without rules the first that may be answered take them; with rules more of them are taken,
 * with what is pinned and promoted, and arranged.
 */
import type { EntityManager } from 'typeorm';
import { timesShown } from '../storage/recommendation.store.js';
import type { Candidate, RankedItem, ShortfallCause } from './answer.js';
import type { Candidates } from './candidates.js';
import { take, type Exclusion, type Taken } from './eligibility.js';
import { arrange } from './rules/arrange.js';
import { nearnessBy } from './rules/nearness.js';
import { inOrder, type Ordered } from './rules/order.js';
import type { Rules } from './rules/rules.js';

export interface Sources {
  /** The best first, made for about so many; those of a filter alone where one is given. */
  of(count: number, promoted: Rules['promoted']): Candidates;
  /** of an item in the network that scored; null: it has none */
  readonly vectorOf: (itemId: string) => Float32Array | null;
}

/** Items that rules choose from: enough for most caps, and for what was shown lately to find others behind it. */
const poolOf = (first: number): number => 100 + 4 * first;
/** With caps that let fewer pass it is asked for more, up to so many. */
const largestPool = 8_000;

/** `userId`: whose rotation it is; null: nobody's. */
export async function place(
  tx: EntityManager,
  sources: Sources,
  first: number,
  rules: Rules | null,
  exclusion: Exclusion,
  userId: string | null,
  lacking?: ShortfallCause,
): Promise<Taken> {
  if (rules === null) return take(tx, sources.of(first, null), first, exclusion, lacking);
  const pinned =
    rules.pins.length === 0 ? [] : (await take(tx, [rules.pins.map(asCandidate)], rules.pins.length, exclusion)).items;
  const pins = new Map(pinned.map((one) => [one.item.id, { ...one, rules: [] } satisfies Ordered]));
  const { promoted } = rules;
  const dueCount = promoted === null ? 0 : Math.ceil(promoted.share * first);
  const due = dueCount === 0 ? null : await take(tx, sources.of(dueCount, promoted), dueCount, exclusion);
  for (let count = poolOf(first); ; count *= 4) {
    const taken = await take(tx, sources.of(count, null), count, exclusion, lacking);
    const pool = joined(taken.items, due?.items ?? []);
    const shown = await shownTo(tx, userId, rules, pool);
    const places = arrange(
      inOrder(pool, rules, shown),
      withScores(pins, pool),
      rules,
      first,
      nearnessBy(sources.vectorOf),
    );
    const items = places.map((one, index) => ({ ...one, rank: index + 1 }));
    if (items.length >= first) return { items, shortfall: null };
    if (taken.shortfall === null && count < largestPool) continue;
    const cause = pool.length >= first || taken.shortfall === null ? 'RULES' : taken.shortfall.cause;
    return { items, shortfall: { missing: first - items.length, cause } };
  }
}

/** An item once, where the first list has it. */
function joined(items: readonly RankedItem[], more: readonly RankedItem[]): readonly RankedItem[] {
  const ids = new Set(items.map(({ item }) => item.id));
  return [...items, ...more.filter(({ item }) => !ids.has(item.id))];
}

/** A pinned item that the sources have too is answered with what they say of it. */
function withScores(pins: ReadonlyMap<string, Ordered>, pool: readonly RankedItem[]): ReadonlyMap<string, Ordered> {
  const scored = new Map(pool.map((one) => [one.item.id, one]));
  return new Map(Array.from(pins, ([id, pin]) => [id, { ...pin, ...scored.get(id), rules: [] }]));
}

async function shownTo(
  tx: EntityManager,
  userId: string | null,
  { rotation }: Rules,
  pool: readonly RankedItem[],
): Promise<ReadonlyMap<string, number>> {
  if (rotation === null || userId === null) return new Map();
  const since = new Date(Date.now() - rotation.withinHours * 3_600_000);
  return timesShown(
    tx,
    userId,
    since,
    pool.map(({ item }) => item.id),
  );
}

function asCandidate({ itemId }: Rules['pins'][number]): Candidate {
  return { itemId, score: 0, source: 'RULE' };
}
