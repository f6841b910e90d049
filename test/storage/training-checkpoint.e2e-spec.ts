import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { TrainingRunEntity } from '../../src/storage/training-run.entity.js';
import { claimRun, type Claim } from '../../src/storage/training-claim.store.js';
import { readCheckpoint, replaceCheckpoint } from '../../src/storage/training-checkpoint.store.js';
import { cancelRun, finishRun, insertRun, loseRuns } from '../../src/storage/training-run.store.js';
import { freshDatabase, type FreshDatabase } from '../fresh-database.js';

const megabyte = 1_048_576;

describe('the state of a training under way', () => {
  let database: FreshDatabase;
  beforeAll(async () => {
    database = await freshDatabase('training_checkpoint_spec', { DATABASE_POOL_SIZE: '5' });
  });
  afterEach(async () => {
    await database.dataSource.query('DELETE FROM training_run');
  });
  afterAll(async () => {
    await database.drop();
  });

  const claimed = async (): Promise<Claim> => {
    const { manager } = database.dataSource;
    const run = await insertRun(manager, { cause: 'MUTATION', reason: null, idempotencyKey: null });
    const claim = await claimRun(manager, run?.id ?? '', 'here:1');
    if (claim === null) throw new Error('the run was not queued');
    return claim;
  };
  const replace = async (claim: Claim, bytes: Uint8Array) =>
    database.dataSource.transaction(async (tx) => replaceCheckpoint(tx, claim, bytes));
  const chunksOf = async (claim: Claim): Promise<Buffer[]> => {
    const chunks: Buffer[] = [];
    for await (const chunk of readCheckpoint(database.dataSource.manager, claim.id)) chunks.push(chunk);
    return chunks;
  };
  const rows = async (): Promise<number> =>
    (await database.dataSource.query<unknown[]>('SELECT 1 FROM training_checkpoint')).length;

  it('comes back in chunks of a megabyte, and nothing is left of a longer one before', async () => {
    const claim = await claimed();
    expect(await chunksOf(claim)).toEqual([]);
    const long = Buffer.alloc(2.5 * megabyte, 'abc');
    expect(await replace(claim, long)).toBe(true);
    expect((await chunksOf(claim)).map(({ length }) => length)).toEqual([megabyte, megabyte, megabyte / 2]);
    expect(Buffer.concat(await chunksOf(claim)).equals(long)).toBe(true);
    expect(await replace(claim, Buffer.from('short'))).toBe(true);
    expect(Buffer.concat(await chunksOf(claim)).toString()).toBe('short');
  });

  it('is kept for the next attempt, and refused from a worker that lost the run', async () => {
    const claim = await claimed();
    await replace(claim, Buffer.from('state'));
    await loseRuns(database.dataSource.manager, { claim }, 2);
    expect(Buffer.concat(await chunksOf(claim)).toString()).toBe('state');
    expect(await replace(claim, Buffer.from('late'))).toBe(false);
  });

  it('goes with the end of the run, however it ends', async () => {
    const { manager } = database.dataSource;
    const outcome = {
      status: 'FAILED',
      result: null,
      modelVersion: null,
      errorCode: null,
      errorMessage: null,
    } as const;
    const ends: ((claim: Claim) => Promise<unknown>)[] = [
      async (claim) => finishRun(manager, claim, outcome),
      async ({ id }) => cancelRun(manager, id),
      async (claim) => loseRuns(manager, { claim }, 1),
      async ({ id }) => manager.delete(TrainingRunEntity, id),
    ];
    for (const end of ends) {
      const claim = await claimed();
      await replace(claim, Buffer.from('state'));
      await end(claim);
      expect(await rows()).toBe(0);
    }
  });

  it('is not left behind by a write that a cancellation waits for', async () => {
    const claim = await claimed();
    const cancelling: Promise<boolean>[] = [];
    await database.dataSource.transaction(async (tx) => {
      expect(await replaceCheckpoint(tx, claim, Buffer.from('state'))).toBe(true);
      cancelling.push(cancelRun(database.dataSource.manager, claim.id));
      await sleep(300);
    });
    expect(await Promise.all(cancelling)).toEqual([true]);
    expect(await rows()).toBe(0);
  });
});
