/** A process of the product as far as it writes: its own connections, network, writer, replays and promotions. All of them are the real ones. */
import type { Admin, Producer } from 'kafkajs';
import type { DataSource } from 'typeorm';
import type { Config } from '../../src/config.js';
import { RecollectError } from '../../src/errors.js';
import { TurnOver, type ApplyBatch, type Turn } from '../../src/ingest/batch.js';
import { Streams } from '../../src/ingest/streams.js';
import { LateReplay } from '../../src/memory/late-replay.js';
import { MemoryWriter, type Offered } from '../../src/memory/memory-writer.js';
import { LiveModel } from '../../src/promotion/live-model.js';
import { Promotion } from '../../src/promotion/promotion.js';
import { claimPartition } from '../../src/storage/consumer-progress.store.js';
import { createDataSource } from '../../src/storage/data-source.js';
import type { Logger, Metrics } from '../../src/telemetry.js';
import type { Batch, Place, Standing } from './expectation.js';
import type { Fact, Lying } from './messages.js';
import { work, type Owner, type Schedule } from './schedule.js';

/** What a watched statement may be part of. */
export type Work =
  | { readonly kind: 'claim'; readonly place: Place }
  | { readonly kind: 'batch'; readonly batch: Batch }
  | { readonly kind: 'tracked'; readonly facts: readonly Fact[]; expected: readonly string[] };

/** A batch as the broker delivers it. */
export interface Delivery {
  readonly messages: readonly Lying[];
  readonly endOffset: bigint;
}

export interface ProcessParts {
  readonly config: Config;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly schedule: Schedule;
}

/** Connections outlive a history, unless the process dies in it. */
export class Connections implements Owner {
  readonly clients: Owner['clients'] = new Set();
  isDead = false;

  private constructor(readonly dataSource: DataSource) {}

  static async open({ config, schedule }: ProcessParts): Promise<Connections> {
    const connections = new Connections(await createDataSource(config).initialize());
    schedule.watch(connections.dataSource, connections);
    return connections;
  }
}

export class SimulatedProcess {
  readonly live: LiveModel;
  readonly promotion: Promotion;
  readonly replays: LateReplay;
  private readonly writer: MemoryWriter;
  private readonly appliers: ReadonlyMap<string, ApplyBatch>;

  constructor(
    readonly connections: Connections,
    { config, logger, metrics }: ProcessParts,
    producer: Pick<Producer, 'send'>,
  ) {
    const { dataSource } = connections;
    this.live = new LiveModel(config, logger, dataSource);
    this.promotion = new Promotion(config, logger, dataSource, this.live);
    this.replays = new LateReplay(config, logger, this.live, dataSource);
    const wake = this.replays.wake.bind(this.replays);
    this.replays.wake = () => {
      work.run(undefined, wake);
    };
    this.writer = new MemoryWriter(config, this.live, dataSource, this.replays);
    const watched = {
      apply: async (offered: readonly Offered[], batch: Batch) =>
        work.run({ kind: 'batch', batch } satisfies Work, async () => this.writer.apply(offered, batch)),
    } as Pick<MemoryWriter, 'apply'> as MemoryWriter;
    this.appliers = new Streams(config, watched, dataSource, metrics).appliers(producer as Producer, {} as Admin);
  }

  get isDead(): boolean {
    return this.connections.isDead;
  }

  /**
   * Consumes a partition from the stored offset on for as long as there is something; ends where the turn is over, a connection was
   * lost or somebody else owns the partition. Returns what should not have happened.
   */
  async consume(place: Standing, deliver: (next: bigint) => Delivery | null): Promise<unknown> {
    const { topic, partition } = place;
    const { manager } = this.connections.dataSource;
    const apply = this.appliers.get(topic);
    if (apply === undefined) throw new Error(`nothing applies ${topic}`);
    try {
      const claim: Work = { kind: 'claim', place };
      const { nextOffset, ownerEpoch } = await work.run(claim, async () =>
        claimPartition(manager, topic, partition, 0n),
      );
      for (let next = nextOffset; ;) {
        const delivery = deliver(next);
        if (delivery === null) return null;
        const batch = { topic, partition, ownerEpoch, startOffset: next, endOffset: delivery.endOffset };
        const messages = delivery.messages.map(({ offset, timestamp, key, value }) => ({
          ...{ topic, partition, offset, timestamp, key, value, headers: {} },
        }));
        await work.run({ kind: 'batch', batch } satisfies Work, async () => apply(messages, batch, this.turn));
        next = batch.endOffset;
      }
    } catch (error) {
      return isExpected(error) ? null : error;
    }
  }

  /** As a request to the API does; sent again by its client where no answer came. Returns what should not have happened. */
  async track(facts: readonly Fact[]): Promise<unknown> {
    const offered = facts.map((fact) => ({ interaction: { ...fact, recommendationId: null }, offset: null }));
    const tracked: Work = { kind: 'tracked', facts, expected: [] };
    try {
      const verdicts = await work.run(tracked, async () => this.writer.apply(offered, null));
      const [told, expected] = [verdicts.join(), tracked.expected.join()];
      return told === expected ? null : new Error(`the verdicts were ${told}, expected: ${expected}`);
    } catch (error) {
      return isExpected(error) ? null : error;
    }
  }

  private readonly turn: Turn = {
    wait: async () => {
      if (this.isDead) throw new TurnOver();
    },
  };
}

/** Faults that the simulation makes, and those that they lead to. */
export function isExpected(error: unknown): boolean {
  if (error instanceof TurnOver) return true;
  if (error instanceof RecollectError)
    return ['OWNER_REPLACED', 'MODEL_SWITCHED', 'PROMOTION_UNDER_WAY'].includes(error.code);
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  return /terminat|already released|not queryable/i.test(error.message) || ['57P01', '40P01', '55P03'].includes(code);
}
