/** The processes of a history. Any of those that live does what is begun, beside the rest; in the place of one that died another starts. */
import type { ProducerRecord, RecordMetadata } from 'kafkajs';
import { messageOf } from '../../src/errors.js';
import { Connections } from './connections.js';
import type { Random } from './random.js';
import { isExpected, SimulatedProcess, type ProcessParts } from './simulated-process.js';

export class Processes {
  readonly connections: Connections[];
  readonly underWay = new Set<Promise<void>>();
  /** what should not have happened */
  readonly faults: string[] = [];
  /** places of the messages that lie in dead-letter topics */
  readonly sent = new Set<string>();
  private readonly all: SimulatedProcess[];
  private refusalsOfProducer: number;

  constructor(
    private readonly random: Random,
    private readonly parts: ProcessParts,
    connections: readonly Connections[],
  ) {
    this.refusalsOfProducer = random.chance(0.3) ? 0.2 : 0;
    this.connections = [...connections];
    this.all = connections.map((one) => this.newProcess(one));
  }

  /** From now on the brokers take all dead letters. */
  calmDown(): void {
    this.refusalsOfProducer = 0;
  }

  pick(): SimulatedProcess {
    return this.random.pick(this.all);
  }

  alive(): SimulatedProcess | null {
    const alive = this.all.filter(({ isDead }) => !isDead);
    return alive.length === 0 ? null : this.random.pick(alive);
  }

  wakeReplays(): void {
    for (const { replays } of this.all) replays.wake();
  }

  /** All load what serves. */
  refresh(): void {
    for (const process of this.all)
      this.startIn(
        process,
        safely(async ({ live }) => live.refresh()),
      );
  }

  async end(): Promise<void> {
    await Promise.all(this.all.map(async ({ replays }) => replays.onModuleDestroy()));
  }

  async revive(): Promise<void> {
    for (const [at, process] of this.all.entries()) {
      if (!process.isDead) continue;
      void process.connections.dataSource.destroy().catch(() => undefined);
      const connections = await Connections.open(this.parts.config, this.parts.schedule);
      this.connections[at] = connections;
      this.all[at] = this.newProcess(connections);
    }
  }

  /** Some process does it, and tells what should not have happened; one that dies tells nothing. */
  start(begin: (process: SimulatedProcess) => Promise<unknown>): void {
    const process = this.alive();
    if (process !== null) this.startIn(process, begin);
  }

  watchEnd(begun: Promise<unknown>): void {
    const ended: Promise<void> = begun.then(
      (fault) => {
        if (fault !== null) this.faults.push(messageOf(fault));
      },
      (error: unknown) => void this.faults.push(messageOf(error)),
    );
    this.underWay.add(ended);
    void ended.then(() => this.underWay.delete(ended));
  }

  private startIn(process: SimulatedProcess, begin: (process: SimulatedProcess) => Promise<unknown>): void {
    if (!process.isDead) this.watchEnd(Promise.race([begin(process), process.connections.death]));
  }

  private newProcess(connections: Connections): SimulatedProcess {
    const send = async ({ messages }: ProducerRecord): Promise<RecordMetadata[]> => {
      if (this.random.chance(this.refusalsOfProducer)) throw new Error('no broker, says the simulation');
      for (const { headers = {} } of messages) {
        const place = ['topic', 'partition', 'offset'].map((name) => String(headers[`recollect-${name}`]));
        this.sent.add(place.join(':'));
      }
      return [];
    };
    return new SimulatedProcess(connections, this.parts, { send });
  }
}

/** What tells nothing of its own, and throws: what faults lead to is expected. */
export function safely(begin: (process: SimulatedProcess) => Promise<unknown>) {
  return async (process: SimulatedProcess): Promise<unknown> =>
    begin(process).then(
      () => null,
      (error: unknown) => (isExpected(error) ? null : error),
    );
}
