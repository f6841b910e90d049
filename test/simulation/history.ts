/**
 * A history of the write path, drawn by a seed: several processes consume the partitions of a simulated broker, and take interactions
 * beside it, into one real Postgres, while batches are cut anyhow and delivered again, partitions change their owner under a batch,
 * connections are lost, processes die, late events are replayed, memories are damaged, models are promoted and memories rebuilt, and
 * users let what they did be forgotten; in many of them pieces of work are then made to meet. In the end all of it is read, and the
 * database must hold what a pure model says.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { messageOf } from '../../src/errors.js';
import type { Network } from '../../src/model/network.js';
import { findLiveModel } from '../../src/storage/model.store.js';
import { anyWaitsForReplay } from '../../src/storage/replay-request.store.js';
import { Acts } from './acts.js';
import { Broker } from './broker.js';
import { differences } from './compare.js';
import type { Connections } from './connections.js';
import { Expectation } from './expectation.js';
import { Meetings } from './meetings.js';
import { Messages } from './messages.js';
import { Processes } from './processes.js';
import type { Random } from './random.js';
import type { ProcessParts, Work } from './simulated-process.js';

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
  private readonly expectation = new Expectation();
  private readonly processes: Processes;
  private readonly messages: Messages;
  private readonly broker: Broker;
  private readonly acts: Acts;
  private readonly meetings: Meetings;

  constructor(
    private readonly random: Random,
    /** not that of a process */
    private readonly control: DataSource,
    private readonly parts: ProcessParts,
    private readonly networks: ReadonlyMap<number, Network>,
    connections: readonly Connections[],
  ) {
    const { schedule } = parts;
    const users = 2 + random.below(6);
    this.messages = new Messages(random, users);
    this.broker = new Broker(random, this.expectation, this.messages);
    this.processes = new Processes(random, parts, connections);
    this.acts = new Acts(random, schedule, this.processes, this.messages, [...networks.keys()], users);
    this.meetings = new Meetings(random, schedule, this.processes, this.messages, this.acts);
  }

  /** As they are in the end: for the next history. */
  get connections(): readonly Connections[] {
    return this.processes.connections;
  }

  async run(): Promise<Outcome> {
    const { acts, expectation, processes, random } = this;
    const { schedule } = this.parts;
    schedule.onDone = (label, text, { rows }) => {
      this.watch(label as Work | undefined, text, rows as readonly Record<string, string>[]);
    };
    const wild = random.pick([0, 1, 1, 3]);
    schedule.begin(random, random.pick([0.5, 0.9, 0.97]), {
      die: 0.001 * wild,
      loseConnection: 0.002 * wild,
      loseAny: 0.002 * wild,
      takeBack: 0.006 * wild,
      dieAfterCommit: 0.01 * wild,
      loseAnswerOfCommit: 0.02 * wild,
    });
    const different = await this.play().catch((error: unknown) => [messageOf(error)]);
    const trace = schedule.end();
    await Promise.race([Promise.all(processes.underWay), sleep(5_000, undefined, { ref: false })]);
    await processes.end();
    const { batches } = this.broker;
    const counts = { batches, ...acts.did, meetings: this.meetings.count, events: expectation.log.size };
    return {
      faults: [...processes.faults, ...expectation.faults, ...different],
      figures: { ...counts, ...schedule.figures },
      trace,
    };
  }

  private async play(): Promise<readonly string[]> {
    const { random } = this;
    const manyMeet = random.chance(0.5);
    if (random.chance(0.5)) this.acts.promote();
    for (let left = manyMeet ? 2 + random.below(5) : 8 + random.below(10); left > 0; left--) {
      this.broker.act();
      this.consume();
      await this.acts.act();
      await this.goOn(random.below(50));
    }
    await this.finish();
    if (manyMeet) await this.meet(8 + random.below(6));
    await this.calmDown();
    const version = (await findLiveModel(this.control.manager))?.version;
    const network = this.networks.get(version ?? 0);
    const live = version === undefined || network === undefined ? null : { version, network };
    return differences(this.control, this.expectation, this.processes.sent, live);
  }

  private async goOn(statements: number): Promise<void> {
    for (let left = statements; left > 0; left--) await this.step();
    await this.processes.revive();
    await this.parts.schedule.settle();
  }

  private async meet(times: number): Promise<void> {
    await this.processes.revive();
    if (this.random.chance(0.8)) this.acts.promote();
    await this.finish();
    await this.meetings.play(times, async () => this.finish());
  }

  private consume(): void {
    for (const consumed of this.broker.giveOut(() => this.processes.alive())) this.processes.watchEnd(consumed);
  }

  /** No more faults: everything is read to its end, and everybody is replayed. */
  private async calmDown(): Promise<void> {
    const { expectation, processes } = this;
    this.parts.schedule.endFaults();
    processes.calmDown();
    await processes.revive();
    this.consume();
    await this.finish();
    for (const userId of expectation.erased) {
      if (!expectation.hasLettersOf(userId)) continue;
      processes.start(async (process) => process.edit({ kind: 'erase', userId })); // takes away what was refused since
      await this.finish();
    }
    if (this.acts.damaged.size > 0) {
      const facts = [...this.acts.damaged].map((userId) => this.messages.last(userId));
      processes.start(async (process) => process.track(facts));
      await this.finish();
    }
    for (let tries = 0; !(await this.isDone()); tries++) {
      if (tries > 20) throw new Error('it does not come to its end');
      this.broker.takeAllAway();
      this.consume();
      processes.wakeReplays();
      await this.finish();
    }
  }

  private async isDone(): Promise<boolean> {
    const { manager } = this.control;
    if (!this.broker.isRead) return false;
    return (await findLiveModel(manager)) === null || !(await anyWaitsForReplay(manager));
  }

  private async finish(): Promise<void> {
    const { underWay } = this.processes;
    for (const until = Date.now() + hangsMs; ;) {
      if (await this.step()) continue;
      if (underWay.size === 0) return;
      if (Date.now() > until) throw new Error(`${underWay.size} pieces of work hang`);
      await sleep(5);
    }
  }

  private async step(): Promise<boolean> {
    const { schedule } = this.parts;
    if (schedule.figures.statements > mostStatements) throw new Error(`no end after ${mostStatements} statements`);
    return schedule.step();
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
