/** `recollect evaluate` on a real database: its figures are those of an independent replay, and it says what it can not ask. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Network } from '../../src/model/network.js';
import { addInteractions } from '../../src/storage/interaction.store.js';
import { setLiveModel } from '../../src/storage/model.store.js';
import { freshDatabase, type FreshDatabase } from '../fresh-database.js';
import { randomCheckpoint, storeCheckpoint } from '../random-checkpoint.js';

const schema = 'evaluate_spec';
const main = fileURLToPath(new URL('../../dist/src/cli/recollect.js', import.meta.url));
const items = Array.from({ length: 40 }, (_, n) => `item ${n}`);
const checkpoint = randomCheckpoint(items, { seed: 7, kinds: ['purchase', 'view'], gaps: 6 });
const begun = Date.parse('2026-01-01T00:00:00Z');

/** User n saw these items one after another before the cut; then, later, one more. */
const before = Array.from({ length: 30 }, (_, user) => [0, 1, 2, 3].map((n) => `item ${(user * 3 + n * n) % 40}`));
const after = before.map((_, user) => (user % 2 === 0 ? `item ${(user * 7 + 30) % 40}` : null));

/** One of two kinds that the network has vectors for, or one that it does not know. */
const kindOf = (time: number): string => ['view', 'purchase', 'rating'][Math.floor(time / 1000) % 3] ?? '';

interface Printed {
  readonly text: string;
  readonly figures: {
    readonly version: number;
    readonly users: number;
    readonly cases: number;
    readonly since: number;
    readonly systems: Readonly<
      Record<
        string,
        { readonly hrAt10: { value: number; low: number; high: number }; readonly ndcgAt10: { value: number } }
      >
    >;
  };
}

describe('recollect evaluate', () => {
  let database: FreshDatabase;
  beforeAll(async () => {
    database = await freshDatabase(schema);
  });
  afterAll(async () => {
    await database.drop();
  });

  const run = async (...options: string[]): Promise<Printed> => {
    const env = { PATH: process.env.PATH, DATABASE_URL: database.config.databaseUrl ?? '', DATABASE_SCHEMA: schema };
    const { stdout } = await promisify(execFile)(process.execPath, [main, 'evaluate', ...options], { env });
    const last = stdout.trimEnd().split('\n').at(-1) ?? '';
    return { text: stdout, figures: JSON.parse(last) as Printed['figures'] };
  };
  const refusal = async (...options: string[]): Promise<string> =>
    run(...options).then(
      ({ text }) => `it was not refused: ${text}`,
      (error: unknown) => (error as { readonly stderr: string }).stderr,
    );
  const track = async (userId: string, itemIds: readonly string[], from: number): Promise<void> => {
    await addInteractions(
      database.dataSource.manager,
      itemIds.map((itemId, n) => ({
        id: `${userId} ${from + n}`,
        userId,
        itemId,
        kind: kindOf(from + 1000 * n),
        value: null,
        occurredAt: from + 1000 * n,
        sessionId: null,
        recommendationId: null,
        properties: null,
      })),
    );
  };

  it('says that no model serves', async () => {
    expect(await refusal()).toMatch(/^NOT_FOUND: no model serves yet; train one, or name a stored one with --model/);
  });

  it('asks the live model what the replay of its own network answers', async () => {
    for (const [user, sequence] of before.entries()) await track(`user ${user}`, sequence, begun);
    const version = await storeCheckpoint(database.dataSource, checkpoint);
    await database.dataSource.query(
      `UPDATE model SET data_window = data_window || jsonb_build_object('lastArrival', (SELECT max(arrival)::text FROM interaction),
         'lastOccurredAt', $2::text) WHERE version = $1`,
      [version, new Date(begun + 3000).toISOString()],
    );
    expect(await refusal()).toMatch(/no model serves yet/);
    await database.dataSource.transaction(async (tx) => setLiveModel(tx, version));

    const { text, figures } = await run();
    expect(figures).toMatchObject({ version, users: 30, cases: 30, since: 0 });
    const expected = hitRate(before.map((sequence) => [sequence.slice(0, -1), sequence.at(-1) ?? '']));
    expect(figures.systems.model?.hrAt10.value).toBeCloseTo(expected, 3);
    expect(figures.systems.model?.hrAt10.low).toBeLessThanOrEqual(expected);
    expect(figures.systems.model?.hrAt10.high).toBeGreaterThanOrEqual(expected);
    expect(figures.systems.modelWithoutBlend).toEqual(figures.systems.model); // the blend of this checkpoint is off
    expect(Object.keys(figures.systems)).toEqual(expect.arrayContaining(['popularity', 'markov', 'rules']));
    expect(text).toMatch(/^Model \d+, leave-one-out: 30 interactions of 30 users, all items ranked, seen ones removed/);
    expect(text).toMatch(/\nsequential rules +0\.\d{4} \[0\.\d{4}, [01]\.\d{4}\]/);
  });

  it('has nothing to ask by time before anything happened after the training', async () => {
    expect(await refusal('--split', 'time')).toMatch(
      /^NOT_FOUND: there is nothing to ask model \d+ about: of 120 .* 0 arrived/,
    );
  });

  it('asks by time for what happened after the training alone', async () => {
    for (const [user, item] of after.entries()) if (item !== null) await track(`user ${user}`, [item], begun + 60_000);
    const { text, figures } = await run('--split', 'time');
    expect(figures).toMatchObject({ users: 15, cases: 15, since: 15 });
    const cases = before.flatMap((sequence, user) => {
      const item = after[user];
      return item === null || item === undefined ? [] : [[sequence, item] as [string[], string]];
    });
    expect(figures.systems.model?.hrAt10.value).toBeCloseTo(hitRate(cases), 3);
    expect(text).toContain("The log has 135 interactions, 15 of them arrived after the model's cut, 0 of these late.");
  });

  it('asks fewer users, and a model that does not serve, where it is told to', async () => {
    const other = await storeCheckpoint(database.dataSource, randomCheckpoint(items, { seed: 8 }));
    const { figures } = await run('--model', String(other), '--users', '10');
    expect(figures).toMatchObject({ version: other, users: 10, cases: 10 });
    expect(await refusal('--model', '999')).toMatch(/^NOT_FOUND: there is no model 999/);
    expect(await refusal('--model', 'newest')).toMatch(/^BAD_INPUT: --model newest is not a whole number above 0/);
    expect(await refusal('--split', 'random')).toMatch(/Allowed choices are leave-one-out, time/);
  });
});

/** Share of cases whose target is among the ten best items outside of the history. */
function hitRate(cases: readonly (readonly [readonly string[], string])[]): number {
  const network = new Network(checkpoint);
  const hits = cases.filter(([history, target]) => {
    const sequence = history.map((itemId, n) => {
      const occurredAt = begun + 1000 * n;
      return { itemId, kind: kindOf(occurredAt), occurredAt };
    });
    const { rows, ...context } = network.eventsOf(sequence);
    const { state } = network.trace(rows, context);
    const scores = network.scores(state);
    const best = items
      .filter((id) => !history.includes(id) || id === target)
      .sort((a, b) => (scores[items.indexOf(b)] ?? 0) - (scores[items.indexOf(a)] ?? 0));
    return best.indexOf(target) < 10;
  });
  return hits.length / cases.length;
}
