/** What the database holds at the end of a history, row for row beside what it must hold. Returns what differs. */
import { isDeepStrictEqual } from 'node:util';
import type { DataSource } from 'typeorm';
import type { Network } from '../../src/model/network.js';
import { checksumOf, emptyState, encodeState } from '../../src/model/user-state.js';
import { keyOfFact, nameOf, type Expectation } from './expectation.js';
import type { Fact } from './messages.js';

interface LogRow extends Fact {
  readonly arrival: string;
  readonly remembered: boolean;
}

export async function differences(
  { manager }: DataSource,
  expected: Expectation,
  sent: ReadonlySet<string>,
  live: { readonly version: number; readonly network: Network } | null,
): Promise<readonly string[]> {
  const found: string[] = [];
  const compare = (what: string, is: ReadonlyMap<string, unknown>, must: ReadonlyMap<string, unknown>): void => {
    for (const [key, value] of must) {
      if (!is.has(key)) found.push(`${what}: ${key} is missing, it must be ${JSON.stringify(value)}`);
      else if (!isDeepStrictEqual(is.get(key), value))
        found.push(`${what}: ${key} is ${JSON.stringify(is.get(key))}, it must be ${JSON.stringify(value)}`);
    }
    for (const key of is.keys()) if (!must.has(key)) found.push(`${what}: ${key} must not be there`);
  };
  const table = async <R>(sql: string, keyOf: (row: R) => string): Promise<ReadonlyMap<string, R>> => {
    const rows: R[] = await manager.query(sql);
    return new Map(rows.map((row) => [keyOf(row), row]));
  };

  const log: LogRow[] = await manager.query(
    `SELECT user_id AS "userId", id, session_id AS "sessionId", item_id AS "itemId", kind, value,
            (extract(epoch FROM occurred_at) * 1000)::float8 AS "occurredAt", properties, arrival, remembered
       FROM interaction ORDER BY occurred_at, arrival`,
  );
  compare(
    'log',
    new Map(log.map(({ arrival: _, ...row }) => [keyOfFact(row), row])),
    new Map([...expected.log].map(([key, fact]) => [key, { ...fact, remembered: !expected.leftOut.has(key) }])),
  );
  const arrivals = new Map(log.map((row) => [keyOfFact(row), BigInt(row.arrival)]));
  for (const [place, keys] of expected.order) {
    const inOrder = keys.flatMap((key) => arrivals.get(key) ?? []); // without what was forgotten since
    if (inOrder.some((arrival, n) => n > 0 && arrival <= (inOrder[n - 1] ?? 0n)))
      found.push(`log: the events of ${place} did not arrive in the order of their offsets`);
  }

  const counts = new Map<string, number>();
  for (const { itemId, kind, occurredAt } of expected.log.values()) {
    const key = [itemId, kind, new Date(occurredAt).toISOString().slice(0, 10)].join('|');
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const counted: { key: string; count: number }[] = await manager.query(
    `SELECT concat_ws('|', item_id, kind, day) AS key, count::int FROM item_count`,
  );
  compare('counts', new Map(counted.map(({ key, count }) => [key, count])), counts);

  const standings = expected.partitions.map((one) => {
    const { topic, partition, nextOffset, epochs } = one;
    const end = (one.messages.at(-1)?.offset ?? -1n) + 1n;
    if (nextOffset < end) found.push(`${nameOf(one)} was read up to ${nextOffset} of ${end}`);
    return { topic, partition, nextOffset: String(nextOffset), ownerEpoch: String(epochs.size) };
  });
  compare(
    'progress',
    await table(
      'SELECT topic, partition, next_offset AS "nextOffset", owner_epoch AS "ownerEpoch" FROM consumer_progress',
      nameOf,
    ),
    new Map(standings.filter(({ ownerEpoch }) => ownerEpoch !== '0').map((one) => [nameOf(one), one])), // nobody claims an empty one
  );

  const letters = expected.partitions.flatMap((place) =>
    place.messages.flatMap(({ code, offset, timestamp, key, value, userIds }) =>
      code === null
        ? []
        : [
            {
              row: {
                place: `${nameOf(place)}:${offset}`,
                timestamp,
                code,
                key,
                value,
                attempts: code === 'INTERNAL' ? 5 : 1,
              },
              isErased: userIds.some((userId) => expected.erased.has(userId)),
            },
          ],
    ),
  );
  const kept = letters.flatMap(({ row, isErased }) => (isErased ? [] : [row]));
  compare(
    'dead letters',
    await table<(typeof kept)[number]>(
      `SELECT concat_ws(':', topic, partition, record_offset) AS place, record_timestamp::text AS timestamp, code, key, value, attempts
         FROM dead_letter`,
      ({ place }) => place,
    ),
    new Map(kept.map((row) => [row.place, row])),
  );
  for (const { place } of kept)
    if (!sent.has(place)) found.push(`dead letters: ${place} is not in the dead-letter topic`);
  const all = new Set(letters.map(({ row }) => row.place));
  for (const place of sent)
    if (!all.has(place)) found.push(`dead letters: ${place} must not be in the dead-letter topic`);

  const profiles: { id: string; properties: unknown }[] = await manager.query(
    'SELECT id, properties FROM user_profile',
  );
  compare('profiles', new Map(profiles.map(({ id, properties }) => [id, properties])), expected.profiles);

  const forgotten: { userId: string; count: number }[] = await manager.query(
    'SELECT user_id AS "userId", count(*)::int AS count FROM forgotten_interaction GROUP BY user_id',
  );
  compare(
    'forgotten',
    new Map(forgotten.map(({ userId, count }) => [userId, count])),
    new Map([...expected.forgotten].map(([userId, keys]) => [userId, keys.size])),
  );
  const waiting: unknown[] = await manager.query('SELECT FROM replay_request');
  if (waiting.length > 0 && live !== null) found.push(`${waiting.length} users still wait for a replay`);
  const [serving] = await manager.query<{ version: number }[]>('SELECT version FROM live_model');
  if (serving?.version !== live?.version) found.push(`model ${serving?.version} serves instead of ${live?.version}`);
  if (live !== null) await compareMemories(live.version, live.network);
  return found;

  async function compareMemories(version: number, network: Network): Promise<void> {
    const memories = await table<{
      userId: string;
      state: Buffer;
      applied: number;
      last: number | null;
      checksum: number;
    }>(
      `SELECT user_id AS "userId", state, interactions_applied::int AS applied, checksum::float8 AS checksum,
              (extract(epoch FROM last_occurred_at) * 1000)::float8 AS last
         FROM user_memory WHERE model_version = ${version}`,
      ({ userId }) => userId,
    );
    const sequences = Map.groupBy(
      log.filter(({ remembered }) => remembered),
      ({ userId }) => userId,
    );
    for (const [userId, sequence] of sequences) {
      const state = emptyState(network.dimensions);
      let previous: number | null = null;
      for (const event of sequence) {
        const { rows, ...context } = network.eventsOf([event], previous);
        network.step([state], rows, context);
        previous = event.occurredAt;
      }
      const bytes = encodeState(state);
      const memory = memories.get(userId);
      const what = `memory of ${userId} (${sequence.length} events)`;
      if (memory === undefined) found.push(`${what}: is missing`);
      else if (memory.applied !== sequence.length || memory.last !== previous)
        found.push(`${what}: has ${memory.applied} applied, the last at ${memory.last} instead of ${previous}`);
      else if (!memory.state.equals(bytes)) found.push(`${what}: is not what an in-order replay gives`);
      else if (memory.checksum !== checksumOf(bytes)) found.push(`${what}: its checksum is not that of its state`);
    }
    for (const [userId, { applied }] of memories)
      if (!sequences.has(userId) && applied > 0) found.push(`memory of ${userId}: is there without events`);
    const left: { userId: string; version: number }[] = await manager.query(
      'SELECT user_id AS "userId", model_version AS version FROM user_memory WHERE user_id = ANY($1::text[])',
      [[...expected.erased]],
    );
    for (const { userId, version: of } of left) found.push(`memory of ${userId}: is there under version ${of}, erased`);
  }
}
