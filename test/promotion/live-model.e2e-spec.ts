import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { LiveModel } from '../../src/promotion/live-model.js';
import { loadNetwork } from '../../src/promotion/network-loader.js';
import { setLiveModel } from '../../src/storage/model.store.js';
import { createLogger } from '../../src/telemetry.js';
import { freshDatabase, type FreshDatabase } from '../fresh-database.js';
import { randomCheckpoint, storeCheckpoint } from '../random-checkpoint.js';

const items = Array.from({ length: 20 }, (_, n) => `item ${n}`);
/** wide enough for several chunks */
const many = Array.from({ length: 20_000 }, (_, n) => `item ${n}`);

describe('the live model', () => {
  let database: FreshDatabase;
  let live: LiveModel;
  beforeAll(async () => {
    database = await freshDatabase('live_model_spec', { RECOLLECT_REFRESH_MS: '50' });
  });
  beforeEach(() => {
    live = new LiveModel(database.config, createLogger(database.config), database.dataSource);
  });
  afterAll(async () => {
    await database.drop();
  });

  const makeLive = async (version: number): Promise<void> =>
    database.dataSource.transaction(async (tx) => setLiveModel(tx, version));

  it('serves nothing before the first promotion', async () => {
    await live.onModuleInit();
    expect(live.current()).toBeNull();
    await live.onModuleDestroy();
  });

  it('follows the switch to another version, and a caller keeps the network that it took', async () => {
    const first = await storeCheckpoint(database.dataSource, randomCheckpoint(items, { seed: 1 }));
    const second = await storeCheckpoint(database.dataSource, randomCheckpoint(many, { seed: 2, width: 16 }));
    await makeLive(first);
    await live.onModuleInit();
    const taken = live.current();
    expect(taken).toMatchObject({ version: first });

    await makeLive(second);
    for (let waited = 0; live.current()?.version !== second && waited < 5_000; waited += 25) await sleep(25);
    expect(live.current()).toMatchObject({ version: second });
    expect(live.current()?.network.vocabulary.size).toBe(many.length);
    expect(taken?.network.vocabulary.size).toBe(items.length);
    await live.onModuleDestroy();
  });

  it('returns the version that became live just before it was asked to look', async () => {
    const version = await storeCheckpoint(database.dataSource, randomCheckpoint(items, { seed: 3 }));
    const looking = live.refresh();
    await makeLive(version);
    expect(await live.refresh()).toMatchObject({ version });
    await looking;
  });

  it('refuses damaged weights and goes on serving the model before', async () => {
    const good = await storeCheckpoint(database.dataSource, randomCheckpoint(items, { seed: 4 }));
    const damaged = await storeCheckpoint(database.dataSource, randomCheckpoint(many, { seed: 5, width: 16 }));
    await makeLive(good);
    await live.refresh();
    await database.dataSource.query(
      `UPDATE model_chunk SET bytes = set_byte(bytes, 500000, get_byte(bytes, 500000) # 1) WHERE version = $1 AND number = 1`,
      [damaged],
    );
    await makeLive(damaged);
    expect(await live.refresh()).toMatchObject({ version: good });
    await expect(loadNetwork(database.dataSource.manager, damaged)).rejects.toMatchObject({
      code: 'CHECKPOINT_INVALID',
      message: expect.stringContaining('SHA-256'),
    });

    await database.dataSource.query('DELETE FROM model_chunk WHERE version = $1 AND number = 1', [damaged]);
    await expect(loadNetwork(database.dataSource.manager, damaged)).rejects.toMatchObject({
      code: 'CHECKPOINT_INVALID',
      message: expect.stringContaining('bytes are stored'),
    });
    expect(live.current()).toMatchObject({ version: good });
  });

  it('says which model does not exist', async () => {
    await expect(loadNetwork(database.dataSource.manager, 1_000_000)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
