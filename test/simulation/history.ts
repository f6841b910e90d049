/**
 * A history of the write path, drawn by a seed: several processes consume the partitions of a simulated broker, and take interactions
 * beside it, into one real Postgres, while batches are cut anyhow and delivered again, partitions change their owner under a batch,
 * connections are lost, processes die, late events are replayed, memories are damaged, models are promoted and memories rebuilt, and
 * users let what they did be forgotten. In the end all of it is read, and the database must hold what a pure model says.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProducerRecord, RecordMetadata } from 'kafkajs';
import { messageOf } from '../../src/errors.js';
import type { Network } from '../../src/model/network.js';
import { findLiveModel } from '../../src/storage/model.store.js';
import { anyWaitsForReplay, requestReplay } from '../../src/storage/replay-request.store.js';
import { Broker } from './broker.js';
import { differences } from './compare.js';
import { Connections } from './connections.js';
import { Expectation } from './expectation.js';
import { Messages } from './messages.js';
import type { Random } from './random.js';
import { isExpected, SimulatedProcess, type ProcessParts, type Work } from './simulated-process.js';
import type { DataSource } from 'typeorm';

/** Nothing moves for so long: what is under way hangs. */
const hangsMs = 15_000;
const mostStatements = 50_000;

export interface Outcome {
  /** what is not as it must be; none: the seed passed */
  readonly faults: readonly string[];
  readonly figures: Readonly<Record<string, number>>;
  /** a hash of what happened in which order */
  readonly trace: string;
}

export class History {
  readonly connections: Connections[];
  private readonly processes: SimulatedProcess[];
  private readonly expectation = new Expectation();
  private readonly messages: Messages;
  private readonly broker: Broker;
  /** places of the messages that lie in dead-letter topics */
  private readonly sent = new Set<string>();
  private readonly damaged = new Set<string>();
  private readonly underWay = new Set<Promise<void>>();
  private readonly faults: string[] = [];
  private readonly did = { promotions: 0, rebuilds: 0, tracked: 0, edits: 0 };
  private readonly users: number;
  private readonly refusalsOfProducer: number;
  private isCalm = false;

  constructor(
    private readonly random: Random,
    /** not that of a process */
    private readonly control: DataSource,
    private readonly parts: ProcessParts,
    private readonly networks: ReadonlyMap<number, Network>,
    connections: readonly Connections[],
  ) {
    this.users = 2 + random.below(6);
    this.messages = new Messages(random, this.users);
    this.broker = new Broker(random, this.expectation, this.messages);
    this.refusalsOfProducer = random.chance(0.3) ? 0.2 : 0;
    this.connections = [...connections];
    this.processes = connections.map((one) => this.newProcess(one));
  }

  async run(): Promise<Outcome> {
    const { random, expectation } = this;
    const { schedule } = this.parts;
    schedule.onDone = (label, text, { rows }) => {
      this.watch(label as Work | undefined, text, rows as readonly Record<string, string>[]);
    };
    const wild = random.pick([0, 1, 1, 3]);
    schedule.begin(random, random.pick([0.5, 0.9, 0.97]), {
      die: 0.001 * wild,
      loseConnection: 0.002 * wild,
      loseAny: 0.002 * wild,
      takeBack: 0.002 * wild,
      dieAfterCommit: 0.01 * wild,
      loseAnswerOfCommit: 0.02 * wild,
    });
    const different = await this.play().catch((error: unknown) => [messageOf(error)]);
    const trace = schedule.end();
    await Promise.race([Promise.all(this.underWay), sleep(5_000, undefined, { ref: false })]);
    await Promise.all(this.processes.map(async ({ replays }) => replays.onModuleDestroy()));
    const figures = { batches: this.broker.batches, ...this.did, events: expectation.log.size, ...schedule.figures };
    return { faults: [...this.faults, ...expectation.faults, ...different], figures, trace };
  }

  private async play(): Promise<readonly string[]> {
    const { random } = this;
    if (random.chance(0.5)) this.promote();
    for (let left = 8 + random.below(10); left > 0; left--) {
      await this.parts.schedule.settle();
      await this.act();
      for (let steps = random.below(30); steps > 0; steps--) await this.step();
      await this.revive();
    }
    await this.calmDown();
    const version = (await findLiveModel(this.control.manager))?.version;
    const network = this.networks.get(version ?? 0);
    const live = version === undefined || network === undefined ? null : { version, network };
    return differences(this.control, this.expectation, this.sent, live);
  }

  /** Something begins, or changes, from outside. */
  private async act(): Promise<void> {
    const { random } = this;
    this.broker.act();
    this.consume();
    const choice = random.next();
    if (choice < 0.15) this.promote();
    else if (choice < 0.22) this.rebuild();
    else if (choice < 0.42) this.track();
    else if (choice < 0.48) this.damage();
    else if (choice < 0.55) this.askForReplay(this.userId());
    else if (choice < 0.63) this.alive()?.replays.wake();
    else if (choice < 0.8) this.edit();
    else if (choice < 0.84) await this.parts.schedule.kill(random.pick(this.processes).connections);
  }

  private consume(): void {
    for (const consumed of this.broker.giveOut(() => this.alive())) this.watchEnd(consumed);
  }

  private track(): void {
    const facts = Array.from({ length: 1 + this.random.below(5) }, () => this.messages.fact(null));
    this.did.tracked += 1;
    const track = async (process: SimulatedProcess): Promise<unknown> => process.track(facts);
    this.start(track);
    if (this.random.chance(0.3)) this.start(track); // a client that sends it twice at once
  }

  /** Sometimes of a user who is replayed meanwhile, sometimes of one who only just comes. */
  private edit(): void {
    this.did.edits += 1;
    const edit = this.messages.edit();
    if (this.random.chance(0.3)) this.askForReplay(edit.userId);
    this.start(async (process) => process.edit(edit));
    if (!this.random.chance(0.4)) return;
    const userId = `guest ${this.did.edits}`;
    const facts = [this.messages.last(userId)];
    this.start(async (process) => process.track(facts));
    this.start(async (process) => process.edit({ kind: 'erase', userId }));
  }

  private promote(): void {
    const version = this.random.pick([...this.networks.keys()]);
    this.did.promotions += 1;
    this.startSafely(async (process) => process.promotion.promote(version));
  }

  /** Of what serves; where nothing does yet, something is made to. */
  private rebuild(): void {
    const version = this.random.pick([...this.networks.keys()]);
    this.startSafely(async (process) => {
      if ((await process.live.refresh()) === null) await process.promotion.promote(version);
      this.did.rebuilds += 1;
      await process.promotion.rebuild();
    });
  }

  /** A bit of a memory flips; the user's next event finds it. */
  private damage(): void {
    const userId = this.userId();
    this.damaged.add(userId);
    const sql = 'UPDATE user_memory SET state = set_byte(state, 3, get_byte(state, 3) # 1) WHERE user_id = $1';
    this.startSafely(async (process) => process.connections.dataSource.query(sql, [userId]));
  }

  private askForReplay(userId: string): void {
    this.startSafely(async (process) => {
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
    this.consume();
    await this.finish();
    for (const userId of this.expectation.erased) {
      this.start(async (process) => process.edit({ kind: 'erase', userId })); // takes away what was refused since
      await this.finish();
    }
    if (this.damaged.size > 0) {
      const facts = [...this.damaged].map((userId) => this.messages.last(userId));
      this.start(async (process) => process.track(facts));
      await this.finish();
    }
    for (let tries = 0; !(await this.isDone()); tries++) {
      if (tries > 20) throw new Error('it does not come to its end');
      this.broker.takeAllAway();
      this.consume();
      for (const { replays } of this.processes) replays.wake();
      await this.finish();
    }
  }

  private async isDone(): Promise<boolean> {
    const { manager } = this.control;
    if (!this.broker.isRead) return false;
    return (await findLiveModel(manager)) === null || !(await anyWaitsForReplay(manager));
  }

  private async finish(): Promise<void> {
    for (const until = Date.now() + hangsMs; ;) {
      if (await this.step()) continue;
      if (this.underWay.size === 0) return;
      if (Date.now() > until) throw new Error(`${this.underWay.size} pieces of work hang`);
      await sleep(5);
    }
  }

  private async step(): Promise<boolean> {
    const { schedule } = this.parts;
    if (schedule.figures.statements > mostStatements) throw new Error(`no end after ${mostStatements} statements`);
    return schedule.step();
  }

  /** In the place of each process that died another one starts. */
  private async revive(): Promise<void> {
    for (const [at, process] of this.processes.entries()) {
      if (!process.isDead) continue;
      void process.connections.dataSource.destroy().catch(() => undefined);
      const connections = await Connections.open(this.parts.config, this.parts.schedule);
      this.connections[at] = connections;
      this.processes[at] = this.newProcess(connections);
    }
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

  private alive(): SimulatedProcess | null {
    const alive = this.processes.filter(({ isDead }) => !isDead);
    return alive.length === 0 ? null : this.random.pick(alive);
  }

  private startSafely(begin: (process: SimulatedProcess) => Promise<unknown>): void {
    this.start(async (process) =>
      begin(process).then(
        () => null,
        (error: unknown) => (isExpected(error) ? null : error),
      ),
    );
  }

  /** Some process does it beside the rest, and tells what should not have happened; one that dies tells nothing. */
  private start(begin: (process: SimulatedProcess) => Promise<unknown>): void {
    const process = this.alive();
    if (process !== null) this.watchEnd(Promise.race([begin(process), process.connections.death]));
  }

  private watchEnd(begun: Promise<unknown>): void {
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
    else if (part?.kind === 'edit') this.expectation.edited(part.edit);
  }
}
