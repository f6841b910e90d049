import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LateReplay } from '../../src/memory/late-replay.js';
import { verifyMemories } from '../../src/memory/memory-verify.js';
import { MemoryWriter } from '../../src/memory/memory-writer.js';
import type { NetworkSource } from '../../src/memory/network-source.js';
import type { Interaction } from '../../src/model/interaction.js';
import type { Network } from '../../src/model/network.js';
import { claimPartition } from '../../src/storage/consumer-progress.store.js';
import { ReplayRequestEntity } from '../../src/storage/replay-request.entity.js';
import { createLogger } from '../../src/telemetry.js';
import { freshDatabase, type FreshDatabase } from '../fresh-database.js';
import { liveNetwork, until } from '../service.js';

const items = Array.from({ length: 20 }, (_, n) => `item ${n}`);
const start = Date.UTC(2026, 0, 1);

/** A process that owns a partition, so that it goes by the memories that it wrote last. */
interface Owner {
  readonly partition: number;
  readonly ownerEpoch: bigint;
  readonly writer: MemoryWriter;
  nextOffset: bigint;
}

describe('processes that write memories of the same users', () => {
  let database: FreshDatabase;
  let network: Network;
  let replays: readonly LateReplay[];
  let owners: readonly Owner[];
  beforeEach(async () => {
    database = await freshDatabase('two_writers_spec', { DATABASE_POOL_SIZE: '12' });
    const { config, dataSource } = database;
    network = await liveNetwork(database, items);
    const live = { version: 1, network, since: new Date() };
    const networks: NetworkSource = {
      ...{ current: () => live, forUser: () => live, serving: () => [live] },
      refresh: async () => Promise.resolve(live),
    };
    replays = [0, 1].map(() => new LateReplay(config, createLogger(config), networks, dataSource));
    owners = await Promise.all(
      replays.map(async (replay, partition) => {
        const { ownerEpoch } = await claimPartition(dataSource.manager, 'events', partition, 0n);
        const writer = new MemoryWriter(config, networks, dataSource, replay);
        return { partition, ownerEpoch, writer, nextOffset: 0n };
      }),
    );
  });
  afterEach(async () => {
    for (const replay of replays) await replay.onModuleDestroy();
    await database.drop();
  });

  const event = (userId: string, n: number, second: number): Interaction => ({
    ...{ id: `e-${n}`, userId, itemId: items[(7 * n) % items.length] ?? '', kind: 'view', value: null },
    ...{ occurredAt: start + 1_000 * second, sessionId: null, recommendationId: null, properties: null },
  });
  const write = async (process: number, ...interactions: readonly Interaction[]): Promise<void> => {
    const owner = owners[process];
    if (owner === undefined) throw new Error(`there is no process ${process}`);
    const { partition, ownerEpoch, nextOffset: startOffset, writer } = owner;
    const offered = interactions.map((interaction, n) => ({ interaction, offset: startOffset + BigInt(n) }));
    const endOffset = startOffset + BigInt(interactions.length);
    await writer.apply(offered, { topic: 'events', partition, ownerEpoch, startOffset, endOffset });
    owner.nextOffset = endOffset;
  };
  const expectReplayed = async (users: number, interactions: number): Promise<void> => {
    const { dataSource } = database;
    await until(async () => !(await dataSource.getRepository(ReplayRequestEntity).exists()), 30_000);
    const wrong: string[] = [];
    const verified = await verifyMemories(dataSource, 1, network, null, (difference, userId) =>
      wrong.push(`${userId} ${difference}`),
    );
    expect(wrong).toEqual([]);
    expect(verified).toEqual({ users, interactions, waiting: 0 });
  };

  it('take turns, and each goes on from what the other wrote', async () => {
    for (let n = 0; n < 12; n++) await write(Math.floor(n / 2) % 2, event('u', n, n), event('v', n, n));
    await expectReplayed(2, 24);
  });

  it('go on from a memory that was changed by hand, and from one that is gone', async () => {
    await write(0, event('u', 0, 0), event('v', 0, 0));
    await database.dataSource.query(`DELETE FROM user_memory WHERE user_id = 'u'`);
    await database.dataSource.query(
      `UPDATE user_memory SET sequence_number = sequence_number + 1, interactions_applied = 7 WHERE user_id = 'v'`,
    );
    await write(0, event('u', 1, 1), event('v', 1, 1));
    const rows = await database.dataSource.query<unknown[]>(
      'SELECT user_id, interactions_applied::int AS applied, sequence_number::int AS number FROM user_memory ORDER BY 1',
    );
    expect(rows).toEqual([
      { user_id: 'u', applied: 1, number: 1 },
      { user_id: 'v', applied: 8, number: 3 },
    ]);
  });

  it('do not take a memory that was made anew for the one that they know, though it was written as often', async () => {
    await write(0, event('u', 0, 0));
    await database.dataSource.query(`DELETE FROM interaction; DELETE FROM user_memory`);
    await write(1, event('u', 1, 0));
    await write(0, event('u', 2, 1));
    await expectReplayed(1, 2);
  });

  it('write at the same time, late events and first ones among them, and lose none', async () => {
    const users = 8;
    const rounds = 25;
    const rows = (process: number, round: number): readonly Interaction[] =>
      Array.from({ length: users }, (_, user) => {
        const number = 2 * round + process;
        return event(
          `u-${user % 2 === 0 ? user : `${user}-${round >> 3}`}`,
          number,
          number % 5 === 4 ? number - 9 : number,
        );
      });
    await Promise.all(
      [0, 1].map(async (process) => {
        for (let round = 0; round < rounds; round++) {
          for (let tries = 1; ; tries++) {
            try {
              await write(process, ...rows(process, round));
              break;
            } catch (error) {
              if (tries === 20) throw error; // what Postgres stops for a deadlock, or was outrun each time, goes again
            }
          }
        }
      }),
    );
    await expectReplayed(4 + 4 * 4, 2 * rounds * users);
  });
});
