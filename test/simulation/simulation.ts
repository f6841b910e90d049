/**
 * A history of the write path, drawn by a seed: several processes consume the partitions of a simulated broker, and take interactions
 * beside it, into one real Postgres, while batches are cut anyhow and delivered again, partitions change their owner under a batch,
 * connections are lost, processes die, late events are replayed, memories are damaged, models are promoted and memories rebuilt.
 * In the end all of it is read, and the database must hold what a pure model says.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProducerRecord, RecordMetadata } from 'kafkajs';
import type { Config } from '../../src/config.js';
import type { Network } from '../../src/model/network.js';
import { messageOf } from '../../src/errors.js';
import { loadNetwork } from '../../src/promotion/network-loader.js';
import { listMemoryPartitions, removeMemoryPartition } from '../../src/storage/memory-partition.store.js';
import { findLiveModel } from '../../src/storage/model.store.js';
import { requestReplay } from '../../src/storage/replay-request.store.js';
import { createLogger, Metrics } from '../../src/telemetry.js';
import type { FreshDatabase } from '../fresh-database.js';
import { randomCheckpoint, storeCheckpoint } from '../random-checkpoint.js';
import { differences } from './compare.js';
import { Expectation, type Standing } from './expectation.js';
import { knownItems, knownKinds, Messages, poisonItem } from './messages.js';
import { Random } from './random.js';
import { Schedule, type Faults } from './schedule.js';
import {
  Connections,
  isExpected,
  SimulatedProcess,
  type Delivery,
  type ProcessParts,
  type Work,
} from './simulated-process.js';

const interactionsTopic = 'simulation.interactions';
const usersTopic = 'simulation.users';
const processCount = 3;
const partitionCount = 3;
/** Nothing moves for so long: what is under way hangs. */
const hangsMs = 15_000;
const mostSteps = 50_000;

export interface History {
  /** what is not as it must be; none: the seed passed */
  readonly faults: readonly string[];
  readonly figures: Readonly<Record<string, number>>;
}

/** What histories share: the database, with the models that may serve, and connections. */
export class Simulation {
  private constructor(
    private readonly database: FreshDatabase,
    private readonly parts: ProcessParts,
    private readonly networks: ReadonlyMap<number, Network>,
    private connections: readonly Connections[],
  ) {}

  static async prepare(database: FreshDatabase): Promise<Simulation> {
    const { dataSource } = database;
    const config: Config = { ...database.config, kafkaTopicPrefix: 'simulation.', databasePoolSize: 12 };
    await dataSource.query(`
      CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'poison' USING ERRCODE = '22023'; END $$;
      CREATE TRIGGER poison BEFORE INSERT ON interaction FOR EACH ROW WHEN (NEW.item_id = '${poisonItem}') EXECUTE FUNCTION poison()`);
    const networks = new Map<number, Network>();
    for (const [seed, switches] of [{ heads: 2, kinds: knownKinds, gaps: 24 }, { blocks: 2 }].entries()) {
      const version = await storeCheckpoint(dataSource, randomCheckpoint(knownItems, { seed: seed + 1, ...switches }));
      networks.set(version, await loadNetwork(dataSource.manager, version));
    }
    const schedule = new Schedule(dataSource);
    const parts = { config, logger: createLogger(config), metrics: new Metrics(), schedule };
    const connections = await Promise.all(Array.from({ length: processCount }, async () => Connections.open(parts)));
    return new Simulation(database, parts, networks, connections);
  }

  async run(seed: number): Promise<History> {
    await this.empty();
    const history = new SimulatedHistory(new Random(seed), this.database, this.parts, this.networks, this.connections);
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
    await manager.query(`
      DROP TABLE IF EXISTS user_memory_shadow; DELETE FROM live_model; DELETE FROM interaction; DELETE FROM item_count;
      DELETE FROM consumer_progress; DELETE FROM dead_letter; DELETE FROM replay_request; DELETE FROM user_profile;
      UPDATE model SET status = 'CANDIDATE'`);
  }
}

/** Who has a partition. A process that lost it goes on with its batches for a while, as one does that was not told yet. */
interface Ownership {
  readonly process: SimulatedProcess;
  isOver: boolean;
  batchesLeft: number;
}

class SimulatedHistory {
  readonly connections: Connections[];
  private readonly processes: SimulatedProcess[];
  private readonly expectation = new Expectation();
  private readonly owners = new Map<Standing, Ownership>();
  private readonly messages: Messages;
  private readonly sent = new Set<string>();
  private readonly damaged = new Set<string>();
  private readonly underWay = new Set<Promise<void>>();
  private readonly faults: string[] = [];
  private readonly did: Record<string, number> = { batches: 0, promotions: 0, rebuilds: 0, tracked: 0 };
  private readonly users: number;
  private readonly refusalsOfProducer: number;
  private isCalm = false;
  private poisonLeft: number;
  private steps = 0;

  constructor(
    private readonly random: Random,
    private readonly database: FreshDatabase,
    private readonly parts: ProcessParts,
    private readonly networks: ReadonlyMap<number, Network>,
    connections: readonly Connections[],
  ) {
    this.users = 2 + random.below(6);
    this.messages = new Messages(random, this.users);
    this.refusalsOfProducer = random.chance(0.3) ? 0.2 : 0;
    this.poisonLeft = random.chance(0.15) ? 1 : 0;
    this.connections = [...connections];
    this.processes = connections.map((one) => this.newProcess(one));
  }

  async run(): Promise<History> {
    const { random, parts, expectation } = this;
    const { schedule } = parts;
    for (let partition = 0; partition < partitionCount; partition++)
      expectation.addPartition({ topic: interactionsTopic, partition });
    expectation.addPartition({ topic: usersTopic, partition: 0 });
    schedule.onDone = (label, text, { rows }) => {
      this.watch(label as Work | undefined, text, rows as readonly Record<string, string>[]);
    };
    const wild = random.pick([0, 1, 1, 3]);
    const faults: Faults = {
      die: 0.001 * wild,
      loseConnection: 0.002 * wild,
      takeBack: 0.002 * wild,
      dieAfterCommit: 0.01 * wild,
      loseAnswerOfCommit: 0.02 * wild,
    };
    schedule.begin(random, random.pick([0.5, 0.9, 0.97]), faults);
    try {
      if (random.chance(0.5)) this.promote();
      for (let left = 8 + random.below(10); left > 0; left--) {
        await schedule.settle();
        await this.act();
        for (let steps = random.below(30); steps > 0; steps--) await this.step();
        await this.revive();
      }
      await this.calmDown();
      const serving = (await findLiveModel(this.database.dataSource.manager))?.version ?? null;
      const network = serving === null ? undefined : this.networks.get(serving);
      const live = serving === null || network === undefined ? null : { version: serving, network };
      const different = await differences(this.database.dataSource, expectation, this.sent, live);
      return this.told([...this.faults, ...expectation.faults, ...different]);
    } catch (error) {
      return this.told([...this.faults, ...expectation.faults, String(error)]);
    } finally {
      schedule.end();
      await Promise.race([Promise.all(this.underWay), sleep(5_000, undefined, { ref: false })]);
      await Promise.all(this.processes.map(async ({ replays }) => replays.onModuleDestroy()));
    }
  }

  private told(faults: readonly string[]): History {
    return { faults, figures: { ...this.did, events: this.expectation.log.size, ...this.parts.schedule.figures } };
  }

  private newProcess(connections: Connections): SimulatedProcess {
    const send = async ({ messages }: ProducerRecord): Promise<RecordMetadata[]> => {
      if (!this.isCalm && this.random.chance(this.refusalsOfProducer))
        throw new Error('no broker, says the simulation');
      for (const { headers = {} } of messages) {
        const place = ['topic', 'partition', 'offset'].map((name) => String(headers[`recollect-${name}`]));
        this.sent.add(place.join(':'));
      }
      return [];
    };
    return new SimulatedProcess(connections, this.parts, { send });
  }

  /** Something begins, or changes, from outside. */
  private async act(): Promise<void> {
    const { random } = this;
    for (const place of this.expectation.partitions) {
      if (random.chance(0.6)) this.produce(place, 1 + random.below(8));
      if (random.chance(0.15)) this.reassign(place);
    }
    this.consume();
    const choice = random.next();
    if (choice < 0.15) this.promote();
    else if (choice < 0.22) this.rebuild();
    else if (choice < 0.45) this.track();
    else if (choice < 0.52) this.damage();
    else if (choice < 0.6) this.askForReplay();
    else if (choice < 0.7) this.alive()?.replays.wake();
    else if (choice < 0.74) await this.parts.schedule.kill(this.pickProcess().connections);
  }

  /** Partitions of a transactional or compacted topic have gaps. */
  private produce(place: Standing, count: number): void {
    const { random } = this;
    for (let n = 0; n < count; n++) {
      const gap = random.chance(0.1) ? 1 + random.below(3) : 0;
      const offset = (place.messages.at(-1)?.offset ?? -1n) + 1n + BigInt(gap);
      const poison = place.topic === interactionsTopic && this.poisonLeft > 0 && random.chance(0.05);
      if (poison) this.poisonLeft -= 1;
      place.messages.push(
        place.topic === usersTopic
          ? this.messages.profile(offset)
          : this.messages.interaction(place.topic, place.partition, offset, poison),
      );
    }
  }

  private reassign(place: Standing): void {
    const owner = this.owners.get(place);
    this.owners.delete(place);
    if (owner !== undefined) Object.assign(owner, { isOver: true, batchesLeft: this.random.below(3) });
  }

  /** Partitions that nobody has are given out. */
  private consume(): void {
    for (const place of this.expectation.partitions) {
      const process = this.alive();
      const end = (place.messages.at(-1)?.offset ?? -1n) + 1n;
      if (this.owners.has(place) || process === null || place.nextOffset >= end) continue;
      const owner: Ownership = { process, isOver: false, batchesLeft: 0 };
      this.owners.set(place, owner);
      const consumed = process.consume(place, (next) => this.deliver(place, owner, next));
      const ended = consumed.finally(() => {
        if (this.owners.get(place) === owner) this.owners.delete(place);
      });
      this.start(ended);
    }
  }

  /** The next messages, cut anyhow; now and then with some before them that were applied already. */
  private deliver(place: Standing, owner: Ownership, next: bigint): Delivery | null {
    const { random } = this;
    if (owner.process.isDead || (owner.isOver && owner.batchesLeft-- <= 0)) return null;
    const first = place.messages.findIndex(({ offset }) => offset >= next);
    if (first < 0) return null;
    const from = random.chance(0.2) ? Math.max(0, first - random.below(6)) : first;
    const messages = place.messages.slice(from, first + 1 + random.below(random.pick([1, 4, 12])));
    const last = messages.at(-1);
    if (last === undefined) return null;
    this.did.batches = (this.did.batches ?? 0) + 1;
    return { messages, endOffset: last.offset + 1n };
  }

  private track(): void {
    const process = this.alive();
    if (process === null) return;
    const facts = Array.from({ length: 1 + this.random.below(5) }, () => this.messages.fact(null));
    this.did.tracked = (this.did.tracked ?? 0) + 1;
    this.start(process.track(facts));
    if (this.random.chance(0.3)) this.start(this.alive()?.track(facts)); // a client that sends it twice at once
  }

  private promote(): void {
    const [version, process] = [this.random.pick([...this.networks.keys()]), this.alive()];
    if (process === null) return;
    this.did.promotions = (this.did.promotions ?? 0) + 1;
    this.startSafely(async () => process.promotion.promote(version));
  }

  private rebuild(): void {
    const process = this.alive();
    if (process?.live.current() == null) return;
    this.did.rebuilds = (this.did.rebuilds ?? 0) + 1;
    this.startSafely(async () => process.promotion.rebuild());
  }

  /** A bit of a memory flips; the user's next event finds it. */
  private damage(): void {
    const [userId, process] = [this.userId(), this.alive()];
    if (process === null) return;
    this.damaged.add(userId);
    const sql = 'UPDATE user_memory SET state = set_byte(state, 3, get_byte(state, 3) # 1) WHERE user_id = $1';
    this.startSafely(async () => process.connections.dataSource.query(sql, [userId]));
  }

  private askForReplay(): void {
    const [userId, process] = [this.userId(), this.alive()];
    if (process === null) return;
    this.startSafely(async () => {
      await requestReplay(process.connections.dataSource.manager, [userId]);
      process.replays.wake();
    });
  }

  private userId(): string {
    return `user ${this.random.below(this.users)}`;
  }

  /** No more faults: everything is read to its end, and everybody is replayed. */
  private async calmDown(): Promise<void> {
    this.isCalm = true;
    this.parts.schedule.endFaults();
    await this.finish();
    await this.revive();
    if (this.damaged.size > 0) {
      const facts = [...this.damaged].map((userId) => this.messages.last(userId));
      this.start(this.alive()?.track(facts));
      await this.finish();
    }
    const isDone = async (): Promise<boolean> => {
      const isRead = this.expectation.partitions.every(
        ({ nextOffset, messages }) => nextOffset >= (messages.at(-1)?.offset ?? -1n) + 1n,
      );
      const rows: unknown[] = await this.database.dataSource.query('SELECT FROM replay_request LIMIT 1');
      const serves = (await findLiveModel(this.database.dataSource.manager)) !== null;
      return isRead && (rows.length === 0 || !serves);
    };
    for (let tries = 0; !(await isDone()); tries++) {
      if (tries > 20) throw new Error('it does not come to its end');
      for (const place of this.expectation.partitions) this.reassign(place);
      this.consume();
      for (const { replays } of this.processes) replays.wake();
      await this.finish();
    }
  }

  private async finish(): Promise<void> {
    for (const until = Date.now() + hangsMs; ;) {
      if (await this.step()) continue;
      if (this.underWay.size === 0) return;
      if (Date.now() > until) throw new Error(`${this.underWay.size} pieces of work hang`);
      await sleep(5); // a deadlock that Postgres is to find, or a product's own timer
    }
  }

  private async step(): Promise<boolean> {
    this.steps += 1;
    if (this.steps > mostSteps) throw new Error(`there is no end after ${mostSteps} statements`);
    return this.parts.schedule.step();
  }

  /** In the place of each process that died another one starts. */
  private async revive(): Promise<void> {
    for (const [at, process] of this.processes.entries()) {
      if (!process.isDead) continue;
      for (const [place, owner] of this.owners) if (owner.process === process) this.owners.delete(place);
      void process.replays.onModuleDestroy();
      void process.connections.dataSource.destroy().catch(() => undefined);
      const connections = await Connections.open(this.parts);
      this.connections[at] = connections;
      this.processes[at] = this.newProcess(connections);
    }
  }

  private pickProcess(): SimulatedProcess {
    return this.random.pick(this.processes);
  }

  private alive(): SimulatedProcess | null {
    const alive = this.processes.filter(({ isDead }) => !isDead);
    return alive.length === 0 ? null : this.random.pick(alive);
  }

  private startSafely(begin: () => Promise<unknown>): void {
    this.start(
      begin().then(
        () => null,
        (error: unknown) => (isExpected(error) ? null : error),
      ),
    );
  }

  /** Work that goes on beside the rest, and tells what should not have happened. */
  private start(begun: Promise<unknown> | undefined): void {
    if (begun === undefined) return;
    const ended: Promise<void> = begun.then(
      (fault) => {
        if (fault !== null) this.faults.push(messageOf(fault));
      },
      (error: unknown) => void this.faults.push(messageOf(error)),
    );
    this.underWay.add(ended);
    void ended.then(() => this.underWay.delete(ended));
  }

  /** The pure model follows what is committed. */
  private watch(part: Work | undefined, text: string, [row]: readonly Readonly<Record<string, string>>[]): void {
    if (part?.kind === 'claim' && text.startsWith('INSERT INTO consumer_progress')) {
      const claimed = { nextOffset: BigInt(row?.next_offset ?? -1), ownerEpoch: BigInt(row?.owner_epoch ?? -1) };
      this.expectation.claimed(part.place, claimed);
    } else if (text !== 'COMMIT') return;
    else if (part?.kind === 'batch') this.expectation.committed(part.batch);
    else if (part?.kind === 'tracked') part.expected = this.expectation.tracked(part.facts);
  }
}
