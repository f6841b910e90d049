/** What histories share: the database, with the models that may serve, and connections. */
import { KeyedHash } from '../../src/memory/keyed-hash.js';
import { loadNetwork } from '../../src/promotion/network-loader.js';
import type { Network } from '../../src/model/network.js';
import { listMemoryPartitions, removeMemoryPartition } from '../../src/storage/memory-partition.store.js';
import { createLogger, Metrics } from '../../src/telemetry.js';
import type { FreshDatabase } from '../fresh-database.js';
import { randomCheckpoint, storeCheckpoint } from '../random-checkpoint.js';
import { topicPrefix } from './broker.js';
import { Connections } from './connections.js';
import { History, type Outcome } from './history.js';
import { knownItems, knownKinds, poisonItem } from './messages.js';
import { Random } from './random.js';
import { Schedule } from './schedule.js';
import type { ProcessParts } from './simulated-process.js';

const processCount = 3;

export class Simulation {
  private constructor(
    private readonly database: FreshDatabase,
    private readonly parts: ProcessParts,
    private readonly networks: ReadonlyMap<number, Network>,
    private connections: readonly Connections[],
  ) {}

  static async prepare(database: FreshDatabase): Promise<Simulation> {
    const { dataSource } = database;
    const config = { ...database.config, kafkaTopicPrefix: topicPrefix, databasePoolSize: 20 };
    await dataSource.query(`
      CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'poison' USING ERRCODE = '22023'; END $$;
      CREATE TRIGGER poison BEFORE INSERT ON interaction FOR EACH ROW WHEN (NEW.item_id = '${poisonItem}') EXECUTE FUNCTION poison()`);
    const networks = new Map<number, Network>();
    for (const [seed, switches] of [{ heads: 2, kinds: knownKinds, gaps: 24 }, { blocks: 2 }].entries()) {
      const version = await storeCheckpoint(dataSource, randomCheckpoint(knownItems, { seed: seed + 1, ...switches }));
      networks.set(version, await loadNetwork(dataSource.manager, version));
    }
    await KeyedHash.load(dataSource.manager, config); // the first one notes whose hashes they are
    const schedule = new Schedule(dataSource);
    const parts = { config, logger: createLogger(config), metrics: new Metrics(), schedule };
    const connections = await Promise.all(
      Array.from({ length: processCount }, async () => Connections.open(config, schedule)),
    );
    return new Simulation(database, parts, networks, connections);
  }

  async run(seed: number): Promise<Outcome> {
    await this.empty();
    const { dataSource } = this.database;
    const history = new History(new Random(seed), dataSource, this.parts, this.networks, this.connections);
    try {
      return await history.run();
    } finally {
      this.connections = history.connections;
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.connections.map(async ({ dataSource }) => dataSource.destroy()));
  }

  private async empty(): Promise<void> {
    const { manager } = this.database.dataSource;
    for (const version of await listMemoryPartitions(manager)) await removeMemoryPartition(manager, version);
    const shadows: { name: string }[] = await manager.query(
      `SELECT relname AS name FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relname ~ '^user_memory_shadow_\\d+$'`,
    );
    for (const { name } of shadows) await manager.query(`DROP TABLE ${name}`);
    await manager.query(`
      DELETE FROM live_model; DELETE FROM interaction; DELETE FROM item_count;
      DELETE FROM consumer_progress; DELETE FROM dead_letter; DELETE FROM replay_request; DELETE FROM user_profile;
      DELETE FROM forgotten_interaction; DELETE FROM erasure; DELETE FROM memory_edit; UPDATE model SET status = 'CANDIDATE'`);
  }
}
