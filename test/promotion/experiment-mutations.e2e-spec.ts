/** Experiments by mutations, of the program as it is started: memories are made in threads. */
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createKey } from '../../src/api/api-key.js';
import { LiveModel } from '../../src/promotion/live-model.js';
import { Promotion } from '../../src/promotion/promotion.js';
import { setModelStatus } from '../../src/storage/model.store.js';
import { createLogger } from '../../src/telemetry.js';
import { eventually } from '../api/running-api.js';
import { freshDatabase, type FreshDatabase } from '../fresh-database.js';
import { startProgram, type Started } from '../program.js';
import { randomCheckpoint, storeCheckpoint } from '../random-checkpoint.js';

interface Outcome {
  readonly experiment: { readonly version: number; readonly share: number; readonly reason: string | null } | null;
  readonly goesOn: boolean;
  readonly userErrors: readonly { readonly code: string; readonly field: string | null }[];
}

interface Data {
  readonly startExperiment: Outcome;
  readonly endExperiment: Outcome;
  readonly recommendations: { readonly modelVersion: number };
}

const schema = 'experiment_mutations_spec';
const fields = '{ experiment { version share reason } goesOn userErrors { code field message } }';

describe('the mutations of experiments', () => {
  let database: FreshDatabase;
  let program: Started;
  let keys: Readonly<Record<'operator' | 'writer', string>>;
  let [live, challenger, refused] = [0, 0, 0];
  beforeAll(async () => {
    database = await freshDatabase(schema);
    const { config, dataSource } = database;
    const keyOf = async (scope: 'operator' | 'writer'): Promise<string> =>
      (await createKey(dataSource.manager, { name: scope, scopes: [scope], expiresAt: null })).key;
    keys = { operator: await keyOf('operator'), writer: await keyOf('writer') };
    await dataSource.query(
      `INSERT INTO interaction (user_id, id, item_id, kind, occurred_at)
       SELECT 'u' || n % 40, n, CASE n % 3 WHEN 0 THEN 'a' ELSE 'b' END, 'view', '2026-01-01T00:00:00Z'::timestamptz + n * interval '1 second'
         FROM generate_series(1, 400) AS n`,
    );
    const store = async (): Promise<number> => storeCheckpoint(dataSource, randomCheckpoint(['a', 'b']));
    [live, challenger, refused] = [await store(), await store(), await store()];
    const logger = createLogger(config);
    await new Promotion(config, logger, dataSource, new LiveModel(config, logger, dataSource)).promote(live);
    await setModelStatus(dataSource.manager, refused, 'REJECTED');
    program = await startProgram(schema, { RECOLLECT_ROLE: 'api', RECOLLECT_REFRESH_MS: '50' });
    await eventually(async () => {
      expect((await fetch(`${program.url}/health/ready`)).status).toBe(200);
    }, 30_000);
  }, 60_000);
  afterAll(async () => {
    program.child.kill('SIGTERM');
    await once(program.child, 'exit');
    await database.drop();
  });

  const ask = async (query: string, key = keys.operator): Promise<{ data: Data; errors?: readonly unknown[] }> => {
    const response = await fetch(`${program.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify({ query }),
    });
    return (await response.json()) as { data: Data; errors?: readonly unknown[] };
  };
  const start = async (input: string): Promise<Outcome> =>
    (await ask(`mutation { startExperiment(input: { ${input} }) ${fields} }`)).data.startExperiment;
  const end = async (input = ''): Promise<Outcome> =>
    (await ask(`mutation { endExperiment${input} ${fields} }`)).data.endExperiment;

  it('say as data why one does not begin or end', async () => {
    const none = { experiment: null, goesOn: false };
    expect(await end()).toMatchObject({ ...none, userErrors: [{ code: 'NOT_FOUND' }] });
    expect(await start('version: 99, share: 0.5')).toMatchObject({ ...none, userErrors: [{ code: 'NOT_FOUND' }] });
    for (const [version, share, field] of [
      [live, 0.5, 'version'],
      [refused, 0.5, 'version'],
      [challenger, 0, 'share'],
      [challenger, 1, 'share'],
      [challenger, -3, 'share'],
    ] as const) {
      const outcome = await start(`version: ${version}, share: ${share}`);
      expect(outcome).toMatchObject({ ...none, userErrors: [{ code: 'BAD_INPUT', field }] });
    }
  });

  it('begin one, and end it with what served', async () => {
    const experiment = { version: challenger, share: 0.4, reason: 'wider' };
    expect(await start(`version: ${challenger}, share: 0.4, reason: "wider"`)).toEqual({
      experiment,
      goesOn: false,
      userErrors: [],
    });
    const answering = new Set<number>();
    for (let n = 0; n < 40; n++) {
      const { data } = await ask(`{ recommendations(input: { userId: "u${n}" }) { modelVersion } }`);
      answering.add(data.recommendations.modelVersion);
    }
    expect([...answering].sort()).toEqual([live, challenger]);
    expect(await start(`version: ${challenger}, share: 0.5`)).toMatchObject({
      experiment,
      userErrors: [{ code: 'BAD_INPUT' }],
    });
    expect(await end()).toEqual({ experiment: null, goesOn: false, userErrors: [] });
  });

  it('say that it goes on where it takes longer than a request may, and begin it then', async () => {
    const holder = database.dataSource.createQueryRunner();
    try {
      await holder.startTransaction();
      await holder.query('LOCK TABLE interaction IN ACCESS EXCLUSIVE MODE'); // nothing is replayed meanwhile
      expect(await start(`version: ${challenger}, share: 0.4`)).toEqual({
        experiment: null,
        goesOn: true,
        userErrors: [],
      });
      expect((await ask('{ experiment { version } }')).data).toEqual({ experiment: null });
    } finally {
      await holder.rollbackTransaction();
      await holder.release();
    }
    await eventually(async () => {
      expect((await ask('{ experiment { version } }')).data).toEqual({ experiment: { version: challenger } });
    }, 20_000);
    await eventually(async () => {
      expect(await end()).toEqual({ experiment: null, goesOn: false, userErrors: [] });
    });
  });

  it('end one with its challenger', async () => {
    await start(`version: ${challenger}, share: 0.4`);
    expect(await end('(input: { promote: true })')).toEqual({ experiment: null, goesOn: false, userErrors: [] });
    await eventually(async () => {
      expect(await ask('{ liveModel { version } }')).toEqual({ data: { liveModel: { version: challenger } } });
    });
  });

  it('are for operators', async () => {
    for (const query of [
      `mutation { startExperiment(input: { version: 1, share: 0.5 }) ${fields} }`,
      `mutation { endExperiment ${fields} }`,
    ]) {
      expect(await ask(query, keys.writer)).toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN' } }] });
    }
  });
});
