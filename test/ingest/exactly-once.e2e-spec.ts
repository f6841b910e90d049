import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Network } from '../../src/model/network.js';
import { checksumOf, emptyState, encodeState } from '../../src/model/user-state.js';
import {
  describeWithBroker,
  liveNetwork,
  testIngestion,
  until,
  type Kept,
  type Sent,
  type TestIngestion,
} from '../service.js';
import { IngestProcess } from './ingest-process.js';

const interactions = 5_000;
const users = 200;
const kills = 4;
const start = Date.UTC(2026, 0, 1);
const kinds = ['view', 'click', 'cart', 'purchase'] as const;
const itemIds = Array.from({ length: 60 }, (_, n) => `item-${n}`);

/** mulberry32: the same messages in each run. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = randomOf(7);
const pick = (count: number): number => Math.floor(random() * count);

interface Row {
  readonly id: string;
  readonly userId: string;
  readonly itemId: string;
  readonly kind: string;
  readonly occurredAt: string;
}

/** Two of three at a time that another has too, one in fifty late by an hour, one item in ten unknown to the model. */
function row(n: number): Row {
  const late = n % 50 === 49 ? 3_600_000 : 0;
  return {
    id: `e-${n}`,
    userId: `u-${pick(users)}`,
    itemId: itemIds[pick(itemIds.length)] ?? '',
    kind: kinds[n % kinds.length] ?? '',
    occurredAt: new Date(start + Math.floor(n / 3) * 1_000 - late).toISOString(),
  };
}

/** One of each kind of message that must be refused. */
function malformed(n: number, good: Row): string | Buffer | null {
  const variants: readonly (() => string | Buffer | null)[] = [
    () => '{"id": "cut off',
    () => null,
    () => '',
    () => 'null',
    () => Buffer.from([0xff, 0xfe, 0x80]),
    () => JSON.stringify({ ...good, itemId: undefined }),
    () => JSON.stringify({ ...good, kind: 'teleport' }),
    () => JSON.stringify({ ...good, id: 'x'.repeat(10_000) }),
    () => JSON.stringify({ ...good, userId: 'a\u0000b' }),
    () => JSON.stringify({ ...good, occurredAt: start / 1000 }),
    () => JSON.stringify({ ...good, occurredAt: '2099-01-01T00:00:00Z' }),
  ];
  return (variants[n % variants.length] ?? variants[0])?.() ?? null;
}

describeWithBroker('ingestion by a process that is killed again and again', () => {
  let ingestion: TestIngestion;
  let network: Network;
  const valid = new Map<string, Row>();
  const refused = new Set<string>();
  let source: readonly Kept[];

  beforeAll(async () => {
    ingestion = await testIngestion('exactly_once_spec', { RECOLLECT_INGEST_BATCH_COUNT: '40' });
    network = await liveNetwork(ingestion.database, itemIds.slice(0, 54), {
      heads: 2,
      kinds: kinds.slice(0, 3),
      gaps: 24,
    });
    const messages: Sent[] = [];
    const add = (key: string, value: Sent['value']): string => {
      const number = String(messages.length);
      messages.push({ key, value, headers: { number } });
      return number;
    };
    const rows = Array.from({ length: interactions }, (_, n) => row(n));
    rows.forEach((good, n) => {
      valid.set(good.id, good);
      add(good.userId, JSON.stringify(good));
      const again = rows[pick(n + 1)];
      if (n % 50 === 10 && again !== undefined) add(again.userId, JSON.stringify(again));
      if (n % 50 === 20) refused.add(add(good.userId, malformed(n / 50, { ...good, id: `bad-${n}` })));
    });
    for (let from = 0; from < messages.length; from += 500)
      await ingestion.send(ingestion.topics.interactions, messages.slice(from, from + 500));

    let ingest = new IngestProcess(ingestion.settings);
    for (let killed = 1; killed <= kills; killed++) {
      const target = (interactions * killed) / (kills + 1);
      await until(async () => (await countLog()) >= target, 60_000);
      await sleep(Math.random() * 40);
      await ingest.kill();
      expect(await countLog()).toBeLessThan(interactions); // it was in the middle
      ingest = new IngestProcess(ingestion.settings);
    }
    await ingestion.untilConsumed(90_000);
    expect(await ingest.stop()).toBeLessThan(5_000);
    expect(ingest.exitCode).toBe(0);
    source = await ingestion.read(ingestion.topics.interactions);
  }, 240_000);
  afterAll(async () => {
    await ingestion.close();
  });

  const query = async <R>(sql: string, parameters: unknown[] = []): Promise<R[]> =>
    ingestion.database.dataSource.query(sql, parameters);
  const countLog = async (): Promise<number> =>
    (await query<{ count: number }>('SELECT count(*)::int AS count FROM interaction'))[0]?.count ?? 0;

  it('has every valid interaction in the log once, and nothing else', async () => {
    const log = await query<Row & { occurredAt: Date }>(
      `SELECT id, user_id AS "userId", item_id AS "itemId", kind, occurred_at AS "occurredAt" FROM interaction`,
    );
    expect(log).toHaveLength(interactions);
    for (const one of log) expect({ ...one, occurredAt: one.occurredAt.toISOString() }).toEqual(valid.get(one.id));
  });

  it('counts each interaction once', async () => {
    const expected = new Map<string, number>();
    for (const { itemId, kind, occurredAt } of valid.values()) {
      const key = `${itemId} ${kind} ${occurredAt.slice(0, 10)}`;
      expected.set(key, (expected.get(key) ?? 0) + 1);
    }
    const counts = await query<{ key: string; count: number }>(
      `SELECT item_id || ' ' || kind || ' ' || day AS key, count::int FROM item_count`,
    );
    expect(new Map(counts.map(({ key, count }) => [key, count]))).toEqual(expected);
  });

  it('stands at the end of each partition', async () => {
    const { topics, admin } = ingestion;
    const ends = await admin.fetchTopicOffsets(topics.interactions);
    const progress = await query<{ partition: number; high: string }>(
      'SELECT partition, next_offset AS high FROM consumer_progress WHERE topic = $1 ORDER BY partition',
      [topics.interactions],
    );
    expect(progress).toHaveLength(6);
    expect(progress).toEqual(
      ends.map(({ partition, high }) => ({ partition, high })).sort((one, other) => one.partition - other.partition),
    );
  });

  it('has memories that equal, bit for bit, one step for each interaction of the log in order', async () => {
    const log = await query<{ userId: string; itemId: string; kind: string; occurredAt: Date }>(
      `SELECT user_id AS "userId", item_id AS "itemId", kind, occurred_at AS "occurredAt" FROM interaction ORDER BY occurred_at, arrival`,
    );
    const states = new Map(log.map(({ userId }) => [userId, emptyState(network.dimensions)]));
    const applied = new Map<string, { count: number; last: Date }>();
    for (const { userId, itemId, kind, occurredAt } of log) {
      const state = states.get(userId);
      const before = applied.get(userId)?.last.getTime() ?? null;
      const { rows, ...context } = network.eventsOf([{ itemId, kind, occurredAt }], before);
      if (state !== undefined) network.step([state], rows, context);
      applied.set(userId, { count: (applied.get(userId)?.count ?? 0) + 1, last: occurredAt });
    }
    const memories = await query<{ userId: string; state: Buffer; count: number; last: Date; checksum: number }>(
      `SELECT user_id AS "userId", state, interactions_applied::int AS count, last_occurred_at AS last,
              checksum::float8 AS checksum FROM user_memory`,
    );
    expect(memories).toHaveLength(states.size);
    for (const { userId, state, count, last, checksum } of memories) {
      expect(state.equals(encodeState(states.get(userId) ?? emptyState(network.dimensions)))).toBe(true);
      expect({ count, last }).toEqual(applied.get(userId));
      expect(checksum).toBe(checksumOf(state));
    }
  });

  it('has a dead letter for each message that was refused, and for no other', async () => {
    const letters = await ingestion.read(`${ingestion.topics.interactions}.dlt`);
    const bad = source.filter(({ headers }) => refused.has(String(headers?.number))); // the producer may have sent some twice
    const expected = new Set(bad.map(({ partition, offset }) => `${partition}:${offset}`));
    const found = letters.map(({ headers = {} }) =>
      [headers['recollect-partition'], headers['recollect-offset']].map(String).join(':'),
    );
    expect(new Set(found)).toEqual(expected);
    expect(expected.size).toBeGreaterThanOrEqual(interactions / 50);
    for (const { headers = {}, partition } of letters) {
      expect(String(headers['recollect-topic'])).toBe(ingestion.topics.interactions);
      expect(String(headers['recollect-partition'])).toBe(String(partition));
    }
  });
});
