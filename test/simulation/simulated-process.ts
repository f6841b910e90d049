/** A process of the product as far as it writes: its own connections, network, writer, replays and promotions. All of them are the real ones. */
import type { Admin, Producer } from 'kafkajs';
import { tester } from '../actor.js';
import type { Config } from '../../src/config.js';
import { codeOf, RecollectError, type ErrorCode } from '../../src/errors.js';
import type { ApplyBatch, Turn } from '../../src/ingest/batch.js';
import { Streams } from '../../src/ingest/streams.js';
import { Erasure } from '../../src/memory/erasure.js';
import { Forgetting } from '../../src/memory/forgetting.js';
import { LateReplay } from '../../src/memory/late-replay.js';
import { LogEdits } from '../../src/memory/log-edit.js';
import { MemoryWriter, type Offered } from '../../src/memory/memory-writer.js';
import { LiveModel } from '../../src/promotion/live-model.js';
import { Promotion } from '../../src/promotion/promotion.js';
import { claimPartition } from '../../src/storage/consumer-progress.store.js';
import type { Logger, Metrics } from '../../src/telemetry.js';
import type { Connections } from './connections.js';
import type { Batch, Place, Standing } from './expectation.js';
import type { Edit, Fact, Lying } from './messages.js';
import type { Schedule } from './schedule.js';

/** What a watched statement may be part of. */
export type Work =
  | { readonly kind: 'claim'; readonly place: Place }
  | { readonly kind: 'batch'; readonly batch: Batch }
  | { readonly kind: 'tracked'; readonly facts: readonly Fact[]; expected: readonly string[] }
  | { readonly kind: 'edit'; readonly edit: Edit }
  | { readonly kind: 'promotion' | 'replay' };

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

export class SimulatedProcess {
  readonly live: LiveModel;
  readonly promotion: Promotion;
  readonly replays: LateReplay;
  private readonly forgetting: Forgetting;
  private readonly erasure: Erasure;
  private readonly work: Schedule['work'];
  private readonly writer: MemoryWriter;
  private readonly appliers: ReadonlyMap<string, ApplyBatch>;

  constructor(
    readonly connections: Connections,
    { config, logger, metrics, schedule }: ProcessParts,
    producer: Pick<Producer, 'send'>,
  ) {
    const { dataSource } = connections;
    this.work = schedule.work;
    this.live = new LiveModel(config, logger, dataSource);
    this.promotion = new Promotion(config, logger, dataSource, this.live);
    this.replays = new LateReplay(config, logger, this.live, dataSource);
    const wake = this.replays.wake.bind(this.replays);
    this.replays.wake = () => {
      this.work.run({ kind: 'replay' } satisfies Work, wake);
    };
    const edits = new LogEdits(config, logger, this.live, dataSource, this.replays);
    this.forgetting = new Forgetting(config, edits);
    this.erasure = new Erasure(config, dataSource, edits);
    this.writer = new MemoryWriter(config, this.live, dataSource, this.replays);
    const watched = {
      apply: async (offered: readonly Offered[], batch: Batch) =>
        this.work.run({ kind: 'batch', batch } satisfies Work, async () => this.writer.apply(offered, batch)),
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
      const { nextOffset, ownerEpoch } = await this.work.run(claim, async () =>
        claimPartition(manager, topic, partition, 0n),
      );
      for (let next = nextOffset; ;) {
        const delivery = deliver(next);
        if (delivery === null) return null;
        const batch = { topic, partition, ownerEpoch, startOffset: next, endOffset: delivery.endOffset };
        const messages = delivery.messages.map(({ offset, timestamp, key, value }) => ({
          ...{ topic, partition, offset, timestamp, key, value, headers: {} },
        }));
        await this.work.run({ kind: 'batch', batch } satisfies Work, async () => apply(messages, batch, this.turn));
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
      const verdicts = await this.work.run(tracked, async () => this.writer.apply(offered, null));
      const [told, expected] = [verdicts.join(), tracked.expected.join()];
      return told === expected ? null : new Error(`the verdicts were ${told}, expected: ${expected}`);
    } catch (error) {
      return isExpected(error) ? null : error;
    }
  }

  /** Returns what should not have happened. */
  async edit(edit: Edit): Promise<unknown> {
    const { userId } = edit;
    try {
      await this.work.run({ kind: 'edit', edit } satisfies Work, async () => {
        if (edit.kind === 'forget') {
          const selection = { ids: null, itemIds: edit.itemIds, kinds: null, from: null, until: null };
          await this.forgetting.forgetInteractions(tester, userId, selection);
        } else if (edit.kind === 'reset') await this.forgetting.resetMemory(tester, userId);
        else await this.erasure.eraseUser(tester, userId);
      });
      return null;
    } catch (error) {
      return isExpected(error) ? null : error;
    }
  }

  private readonly turn: Turn = { wait: async () => Promise.resolve() };
}

const expectedCodes = new Set<ErrorCode>([
  'OWNER_REPLACED',
  'MODEL_SWITCHED',
  'MEMORY_CHANGED',
  'USER_EDITED',
  'PROMOTION_UNDER_WAY',
]);

/** Faults that the simulation makes, and those that they lead to. */
export function isExpected(error: unknown): boolean {
  if (error instanceof RecollectError) return expectedCodes.has(error.code);
  if (!(error instanceof Error)) return false;
  return (
    /terminat|already released|not queryable/i.test(error.message) ||
    ['57P01', '40P01', '55P03'].includes(codeOf(error) ?? '')
  );
}
