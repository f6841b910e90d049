/** Postgres beside the replay of the topic, row for row. Nothing of the product but the network's plain arithmetic has a part in it. */
import { isDeepStrictEqual } from 'node:util';
import { checksumOf, encodeState } from '../../src/model/user-state.js';
import type { Network } from '../../src/model/network.js';
import type { ModelRow, Replay } from './replay-model.js';

export type Query = <R>(sql: string, parameters?: readonly unknown[]) => Promise<R[]>;

export interface Comparison {
  readonly lost: number;
  readonly doubled: number;
  /** the first of what is not as it must be, in words; empty: all is */
  readonly differences: readonly string[];
}

const mostDifferences = 20;

/** `letters`: places of the dead letters in the topic beside it. `network` is the plain one. */
export async function compare(
  replay: Replay,
  query: Query,
  topic: string,
  letters: readonly string[],
  network: Network,
): Promise<Comparison> {
  const differences: string[] = [];
  const differ = (what: string): void => {
    if (differences.length < mostDifferences) differences.push(what);
  };
  const log = await compareLog(replay, query, differ);
  const counts = await compareCounts(replay, query, differ);
  const memories = await compareMemories(replay, query, network, differ);
  const refused = await compareDeadLetters(replay, query, topic, letters, differ);
  await compareProgress(replay, query, topic, differ);
  return {
    lost: Math.max(log.lost, counts.lost, memories.lost) + refused.lost,
    doubled: Math.max(log.doubled, counts.doubled, memories.doubled) + refused.doubled,
    differences,
  };
}

type Differ = (what: string) => void;
interface Balance {
  readonly lost: number;
  readonly doubled: number;
}

async function compareLog(replay: Replay, query: Query, differ: Differ): Promise<Balance> {
  const rows = await query<ModelRow>(
    `SELECT user_id AS "userId", id, session_id AS "sessionId", item_id AS "itemId", kind, value,
            (extract(epoch FROM occurred_at) * 1000)::float8 AS "occurredAt", recommendation_id AS "recommendationId", properties
       FROM interaction ORDER BY arrival`,
  );
  const found = Map.groupBy(rows, ({ userId }) => userId);
  let [lost, doubled] = [0, 0];
  for (const userId of new Set([...replay.arrivals.keys(), ...found.keys()])) {
    const expected = replay.arrivals.get(userId) ?? [];
    const logged = found.get(userId) ?? [];
    const [expectedIds, loggedIds] = [expected, logged].map((some) => some.map(({ id }) => id));
    const [must, has] = [new Set(expectedIds), new Set(loggedIds)];
    const missing = expected.filter(({ id }) => !has.has(id));
    const more = logged.filter(({ id }) => !must.has(id));
    lost += missing.length;
    doubled += more.length;
    for (const { id } of missing) differ(`the log lacks ${userId} ${id}`);
    for (const { id } of more) differ(`the log has ${userId} ${id}, the topic does not`);
    if (missing.length + more.length > 0) continue;
    if (!isDeepStrictEqual(expectedIds, loggedIds)) differ(`${userId}'s interactions arrived in another order`);
    const byId = new Map(logged.map((row) => [row.id, row]));
    for (const row of expected) {
      const other = byId.get(row.id);
      if (!isDeepStrictEqual({ ...other }, row))
        differ(`${userId} ${row.id} is ${JSON.stringify(other)}, not ${JSON.stringify(row)}`);
    }
  }
  return { lost, doubled };
}

async function compareCounts(replay: Replay, query: Query, differ: Differ): Promise<Balance> {
  const rows = await query<{ key: string; count: number }>(
    `SELECT item_id || ' ' || kind || ' ' || day AS key, count::int FROM item_count`,
  );
  return balance(replay.counts, new Map(rows.map(({ key, count }) => [key, count])), 'the count of', differ);
}

async function compareMemories(replay: Replay, query: Query, network: Network, differ: Differ): Promise<Balance> {
  const rows = await query<{ userId: string; state: Buffer; applied: number; last: number; checksum: number }>(
    `SELECT user_id AS "userId", state, interactions_applied::int AS applied,
            (extract(epoch FROM last_occurred_at) * 1000)::float8 AS last, checksum::float8 AS checksum FROM user_memory`,
  );
  const found = new Map(rows.map((row) => [row.userId, row]));
  for (const [userId, sequence] of replay.sequences) {
    const memory = found.get(userId);
    if (memory?.applied !== sequence.length) continue; // `balance` tells
    const { rows: items, ...context } = network.eventsOf(sequence);
    const expected = encodeState(network.trace(items, context).state);
    if (!expected.equals(memory.state)) differ(`the memory of ${userId} has other bits`);
    if (memory.checksum !== checksumOf(memory.state)) differ(`the memory of ${userId} does not fit its checksum`);
    if (memory.last !== sequence.at(-1)?.occurredAt) differ(`the memory of ${userId} ends at another time`);
  }
  const lengths = new Map([...replay.sequences].map(([userId, sequence]) => [userId, sequence.length]));
  const applied = new Map(rows.map((row) => [row.userId, row.applied]));
  return balance(lengths, applied, 'the number of interactions in the memory of', differ);
}

function balance(
  expected: ReadonlyMap<string, number>,
  found: ReadonlyMap<string, number>,
  what: string,
  differ: Differ,
): Balance {
  let [lost, doubled] = [0, 0];
  for (const key of new Set([...expected.keys(), ...found.keys()])) {
    const [must, has] = [expected.get(key) ?? 0, found.get(key) ?? 0];
    lost += Math.max(0, must - has);
    doubled += Math.max(0, has - must);
    if (must !== has) differ(`${what} ${key} is ${has}, not ${must}`);
  }
  return { lost, doubled };
}

/** A crash between the dead-letter topic and the offset may leave a letter there twice, which is no fault; in Postgres it is once. */
async function compareDeadLetters(
  replay: Replay,
  query: Query,
  topic: string,
  letters: readonly string[],
  differ: Differ,
): Promise<Balance> {
  const rows = await query<{ place: string; code: string }>(
    `SELECT topic || ':' || partition || ':' || record_offset || ':' || record_timestamp AS place, code
       FROM dead_letter WHERE topic = $1`,
    [topic],
  );
  const kept = new Map(rows.map(({ place, code }) => [place, code]));
  const sent = new Set(letters);
  let lost = 0;
  for (const [place, code] of replay.refused) {
    if (kept.get(place) !== code) differ(`${place} is ${kept.get(place) ?? 'not'} among the dead letters, not ${code}`);
    if (!sent.has(place)) differ(`${place} is not in the dead-letter topic`);
    if (!kept.has(place) || !sent.has(place)) lost += 1;
  }
  const unasked = [...new Set([...kept.keys(), ...sent])].filter((place) => !replay.refused.has(place));
  for (const place of unasked) differ(`${place} is a dead letter and should not be one`);
  return { lost, doubled: unasked.length };
}

async function compareProgress(replay: Replay, query: Query, topic: string, differ: Differ): Promise<void> {
  const rows = await query<{ partition: number; next: number }>(
    'SELECT partition, next_offset::int AS next FROM consumer_progress WHERE topic = $1',
    [topic],
  );
  const found = new Map(rows.map(({ partition, next }) => [partition, next]));
  for (const [partition, next] of replay.nextOffsets)
    if (found.get(partition) !== next)
      differ(`partition ${partition} stands at ${found.get(partition) ?? 'nothing'}, not at ${next}`);
}
