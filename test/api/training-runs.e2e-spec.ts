import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { promoteRandom, startApi, type RunningApi } from './running-api.js';
import type { ConnectionView, ErrorView } from './views.js';

interface Started {
  readonly created: boolean;
  readonly trainingRun: { readonly id: string; readonly status: string } | null;
  readonly userErrors: readonly ErrorView[];
}
const fields =
  '{ created trainingRun { id status cause reason epochs { loss } progress { phase } } userErrors { code field message } }';

describe('training runs', () => {
  let api: RunningApi;
  beforeAll(async () => {
    api = await startApi('training_runs_spec', { RECOLLECT_ROLE: 'api' });
  });
  afterAll(async () => api.stop());

  it('start once for one idempotency key, in one request and in the next', async () => {
    const { data, errors } = await api.ask<{ a: Started; b: Started }>(
      `mutation { a: startTraining(input: { idempotencyKey: "k1", reason: "test" }) ${fields}
                  b: startTraining(input: { idempotencyKey: "k1", reason: "test" }) ${fields} }`,
    );
    expect(errors).toEqual([]);
    expect(data.a).toMatchObject({
      created: true,
      userErrors: [],
      trainingRun: { status: 'QUEUED', cause: 'MUTATION', reason: 'test' },
    });
    expect(data.b).toMatchObject({ created: false, trainingRun: { id: data.a.trainingRun?.id } });
    for (const changed of ['reason: "other"', 'reason: "test", warmStart: true']) {
      const other = await api.ask<{ startTraining: Started }>(
        `mutation { startTraining(input: { idempotencyKey: "k1", ${changed} }) ${fields} }`,
      );
      expect(other.errors).toEqual([]);
      expect(other.data.startTraining).toMatchObject({
        trainingRun: null,
        created: false,
        userErrors: [{ code: 'IDEMPOTENCY_CONFLICT', field: 'idempotencyKey' }],
      });
    }
  });

  it('run one at a time: the one under way is returned', async () => {
    const { data } = await api.ask<{ startTraining: Started; trainingRuns: ConnectionView<{ id: string }> }>(
      `mutation { startTraining { created trainingRun { id status } userErrors { code } } }`,
    );
    expect(data.startTraining).toMatchObject({ created: false, trainingRun: { status: 'QUEUED' } });
    const { data: found } = await api.ask(
      'query($id: ID!) { trainingRun(id: $id) { id } unknown: trainingRun(id: "x") { id } }',
      {
        id: data.startTraining.trainingRun?.id,
      },
    );
    expect(found).toEqual({ trainingRun: { id: data.startTraining.trainingRun?.id }, unknown: null });
  });

  it('are listed page by page, the newest first, those of one moment each once', async () => {
    await api.dataSource.query(`INSERT INTO training_run (status, cause, created_at)
      SELECT 'SUCCEEDED', 'CRON', '2026-01-01T00:00:00Z' FROM generate_series(1, 5)`);
    const page = async (after: string | null): Promise<ConnectionView<{ id: string; cause: string }>> => {
      const query =
        'query($after: String) { trainingRuns(first: 4, after: $after) { edges { node { id cause } } pageInfo { hasNextPage endCursor } } }';
      return (await api.ask<{ trainingRuns: ConnectionView<{ id: string; cause: string }> }>(query, { after })).data
        .trainingRuns;
    };
    const first = await page(null);
    await api.dataSource.query('DELETE FROM training_run WHERE id = $1', [first.edges.at(-1)?.node.id]); // case S07
    const second = await page(first.pageInfo.endCursor);
    const runs = [...first.edges, ...second.edges].map(({ node }) => node);
    expect(runs.map(({ cause }) => cause)).toEqual(['MUTATION', ...Array.from({ length: 5 }, () => 'CRON')]);
    expect(new Set(runs.map(({ id }) => id)).size).toBe(6);
    expect([first.pageInfo.hasNextPage, second.pageInfo.hasNextPage]).toEqual([true, false]);
    const { data } = await api.ask<{ trainingRuns: ConnectionView<unknown> }>(
      '{ trainingRuns(status: QUEUED) { edges { cursor } } }',
    );
    expect(data.trainingRuns.edges).toHaveLength(1);
    expect((await api.ask('{ trainingRuns(first: 0) { edges { cursor } } }')).errors).toMatchObject([
      { extensions: { code: 'BAD_INPUT' } },
    ]);
  });

  it('show the curves of their epochs, and null for what older programs did not measure', async () => {
    const old = { epoch: 1, loss: 5, validationHrAt10: 0.2, validationNdcgAt10: 0.1, learningRate: 0.001, seconds: 2 };
    const more = { gradientNorm: 1.5, gradientNormMax: 4, slotReadEntropy: 0.75, deadSlots: 1, peakMemoryBytes: 3e9 };
    const rows: { id: string }[] = await api.dataSource.query(
      `INSERT INTO training_run (status, cause, epochs) VALUES ('SUCCEEDED', 'CRON', $1) RETURNING id`,
      [JSON.stringify([old, { ...old, epoch: 2, ...more }])],
    );
    const { data, errors } = await api.ask(
      `query($id: ID!) { trainingRun(id: $id) { epochs { ${Object.keys({ ...old, ...more }).join(' ')} } } }`,
      { id: rows[0]?.id },
    );
    expect(errors).toEqual([]);
    const nulls = Object.fromEntries(Object.keys(more).map((name) => [name, null]));
    expect(data).toEqual({
      trainingRun: {
        epochs: [
          { ...old, ...nulls },
          { ...old, epoch: 2, ...more },
        ],
      },
    });
    await api.dataSource.query('DELETE FROM training_run WHERE id = $1', [rows[0]?.id]);
  });

  it('are refused to nonsense', async () => {
    const { errors } = await api.ask('mutation { startTraining(input: { idempotencyKey: "" }) { created } }');
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_INPUT' } }]);
  });
});

describe('the live model', () => {
  it('is null before the first, and then says what serves, also of a model from before heads, kinds and gaps', async () => {
    const api = await startApi('live_model_spec');
    try {
      expect((await api.ask('{ liveModel { version } }')).data).toEqual({ liveModel: null });
      await promoteRandom(api, ['a', 'b']);
      const version = await promoteRandom(api, ['a', 'b', 'c'], { heads: 2, kinds: ['view', 'buy'], gaps: 5 });
      await api.dataSource.query(`UPDATE model SET data_window = jsonb_set(jsonb_set(data_window, '{firstOccurredAt}',
        '"2026-01-01T00:00:00.000Z"'), '{lastOccurredAt}', '"2026-02-01T00:00:00.000Z"')`);
      const { data, errors } =
        await api.ask(`{ liveModel { version status liveSince replaced dimensions { width slots heads items kinds gapBuckets }
        dataWindow { interactions firstOccurredAt } metrics { testedUsers model { ndcgAt10 mrrAt10 coverage ndcgAt10Interval } } sha256 } }`);
      expect(errors).toEqual([]);
      expect(data).toEqual({
        liveModel: {
          ...{ version, status: 'LIVE', replaced: 1, liveSince: expect.any(String), sha256: expect.any(String) },
          dimensions: { width: 8, slots: 2, heads: 2, items: 3, kinds: 2, gapBuckets: 5 },
          dataWindow: { interactions: 0, firstOccurredAt: '2026-01-01T00:00:00.000Z' },
          metrics: { testedUsers: 0, model: null },
        },
      });
      await promoteRandom(api, ['a', 'b', 'c']);
      await api.dataSource.query(`UPDATE model SET dimensions = dimensions - 'heads' - 'kinds' - 'gaps'`);
      const older = await api.ask('{ liveModel { dimensions { width heads kinds gapBuckets } } }');
      expect(older.data).toEqual({ liveModel: { dimensions: { width: 8, heads: 1, kinds: 0, gapBuckets: 0 } } });
    } finally {
      await api.stop();
    }
  });
});
