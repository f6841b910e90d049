/**
 * One life of the Kafka consumer, from joining the group to leaving it.
 *
 * Where to go on is what Postgres says, never what the brokers committed: for each partition that the group gives it, the session
 * makes itself the owner (which locks out the one before) and seeks to the stored offset. A batch that was fetched before the seek
 * is dropped. What is committed to the brokers is a hint for tools that show lag.
 *
 * kafkajs does not wait for the handler of a join and may fetch at once, so every batch waits for the claim. A batch that is left
 * unresolved is fetched again; an error thrown out of `eachBatch` makes the client rejoin, so only its own errors may leave.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin, Batch, Consumer, EachBatchPayload } from 'kafkajs';
import type { DataSource } from 'typeorm';
import type { Config } from '../config.js';
import { RecollectError } from '../errors.js';
import { claimPartition, listProgress } from '../storage/consumer-progress.store.js';
import { reportPartitions } from '../storage/partition-status.store.js';
import { logError, type Logger, type Metrics } from '../telemetry.js';
import { AssignedPartition } from './assigned-partition.js';
import { TurnOver, type ApplyBatch } from './batch.js';
import { topicsOf } from './kafka-client.js';
import { placeOf, readRanges, type LogRange } from './log-range.js';
import { toMessage } from './message.js';
import { firstOffsetOf } from './record-set.js';
import { followPauses } from './pauses.js';
import { beginTopic } from './start-position.js';
import { backOffMs, BatchTurn, withHeartbeats } from './turn.js';

export interface SessionParts {
  readonly config: Config;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly dataSource: DataSource;
  readonly admin: Admin;
  readonly consumer: Consumer;
  /** by topic */
  readonly appliers: ReadonlyMap<string, ApplyBatch>;
}

const partitionsAtOnce = 3;

export class ConsumerSession {
  private readonly assigned = new Map<string, AssignedPartition>();
  private claiming: Promise<void> = Promise.resolve();
  private isClosing = false;
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly parts: SessionParts) {}

  get partitions(): readonly AssignedPartition[] {
    return [...this.assigned.values()];
  }

  async open(): Promise<void> {
    const { consumer, appliers } = this.parts;
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      this.join(payload.memberAssignment);
    });
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { topic, partition, batchSize, lastOffset } }) => {
      if (batchSize > 0) return; // else the client passes over records that no one sees, without asking `eachBatch`
      this.assigned.get(placeOf(topic, partition))?.moveTo(BigInt(lastOffset) + 1n);
    });
    await consumer.subscribe({ topics: [...appliers.keys()], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: partitionsAtOnce,
      eachBatch: async (payload) => this.eachBatch(payload),
    });
    this.timer = setInterval(() => void this.keepInTouch(), this.parts.config.refreshMs).unref();
  }

  /** Ends after the batches under way. */
  async close(): Promise<void> {
    this.isClosing = true;
    if (this.timer !== null) clearInterval(this.timer);
    await this.parts.consumer.stop();
    await Promise.all(this.partitions.map(async ({ hints }) => hints.settled()));
    await this.parts.consumer.disconnect();
  }

  /**
   * Asks the brokers how far each partition goes; one whose log no longer holds the next offset is stopped. One that was lost to
   * another owner, though the group still gives it to this consumer, is claimed again: the other may have been on its way out. So is
   * one that an operator set anew.
   */
  async inspect(): Promise<void> {
    const ranges = await this.ranges();
    const progress = await listProgress(this.parts.dataSource.manager);
    const setAnew = new Set(progress.flatMap((row) => (row.awaitsOwner ? [placeOf(row.topic, row.partition)] : [])));
    for (const partition of this.partitions) {
      const range = ranges.get(placeOf(partition.topic, partition.partition));
      if (range === undefined) continue;
      const isSetAnew = setAnew.has(placeOf(partition.topic, partition.partition));
      if (isSetAnew || partition.stopped?.code === 'OWNER_REPLACED') await this.claimOne(partition, ranges);
      partition.observeEnd(range.high);
      const contradiction = partition.contradiction(range);
      if (contradiction !== null && partition.stopped === null) this.stop(partition, contradiction);
    }
  }

  /** Follows what operators hold, and tells them how each partition stands. */
  private async keepInTouch(): Promise<void> {
    const { dataSource, logger } = this.parts;
    try {
      await followPauses(this.parts, this.partitions);
      const claimed = this.partitions.filter(({ nextOffset }) => nextOffset !== null);
      await reportPartitions(dataSource.manager, claimed);
    } catch (error) {
      logger.debug(
        { reason: String(error) },
        'what is paused could not be looked up, or how partitions stand not be told',
      );
    }
  }

  private join(assignment: Readonly<Record<string, readonly number[]>>): void {
    this.assigned.clear();
    for (const [topic, partitions] of Object.entries(assignment)) {
      for (const partition of partitions)
        this.assigned.set(placeOf(topic, partition), new AssignedPartition(topic, partition));
    }
    this.parts.logger.info({ partitions: this.assigned.size }, 'joined the consumer group');
    this.claiming = this.claim(this.partitions);
  }

  private async claim(partitions: readonly AssignedPartition[]): Promise<void> {
    for (let attempt = 1; this.isCurrent(partitions); attempt++) {
      try {
        const { interactions } = topicsOf(this.parts.config);
        await beginTopic(this.parts.dataSource, this.parts.admin, interactions, this.parts.config.kafkaStart);
        const ranges = await this.ranges();
        for (const partition of partitions) await this.claimOne(partition, ranges);
        await followPauses(this.parts, partitions);
        return;
      } catch (error) {
        logError(this.parts.logger, error, 'the partitions could not be claimed yet');
        for (const partition of partitions) partition.waitingFor = 'the claim of the partition';
        await sleep(backOffMs(attempt));
      }
    }
  }

  private async claimOne(partition: AssignedPartition, ranges: ReadonlyMap<string, LogRange>): Promise<void> {
    const { consumer, dataSource } = this.parts;
    const { topic, partition: number } = partition;
    const range = ranges.get(placeOf(topic, number));
    if (range === undefined) throw new Error(`the brokers do not know partition ${number} of ${topic}`);
    partition.own(await claimPartition(dataSource.manager, topic, number, range.low));
    partition.observeEnd(range.high);
    if (!this.isCurrent([partition])) return;
    const contradiction = partition.contradiction(range);
    if (contradiction === null) {
      consumer.seek({ topic, partition: number, offset: String(partition.nextOffset) });
      if (!partition.isPaused) consumer.resume([{ topic, partitions: [number] }]);
    } else this.stop(partition, contradiction);
  }

  private async eachBatch(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    await withHeartbeats(payload, this.claiming);
    const partition = this.assigned.get(placeOf(batch.topic, batch.partition));
    if (partition?.stopped !== null || partition.isPaused || payload.isStale() || !payload.isRunning()) return;
    try {
      if (await this.goesOn(partition, payload)) await this.apply(partition, payload);
    } catch (error) {
      if (error instanceof TurnOver) return;
      if (!(error instanceof RecollectError)) throw error;
      this.stop(partition, error); // another owner: it goes on where this one stopped
      if (error.code === 'OFFSET_GAP') this.claiming = this.claiming.then(async () => this.claim([partition]));
    }
  }

  /** Whether the batch begins where the partition stands. A gap is asked for once more before it is believed. */
  private async goesOn(partition: AssignedPartition, { batch }: EachBatchPayload): Promise<boolean> {
    const { topic, nextOffset } = partition;
    if (nextOffset === null) return false;
    const high = BigInt(batch.highWatermark);
    partition.observeEnd(high);
    const isGap = beginOf(batch) > nextOffset;
    if (!isGap && high >= nextOffset) return true;
    if (isGap && partition.soughtBackTo !== nextOffset) {
      partition.soughtBackTo = nextOffset;
      this.parts.consumer.seek({ topic, partition: batch.partition, offset: String(nextOffset) });
      return false;
    }
    const range = (await this.ranges()).get(placeOf(topic, batch.partition));
    const contradiction = range === undefined ? null : partition.contradiction(range);
    if (contradiction === null) return true; // compaction, or records that no one sees
    this.stop(partition, contradiction);
    return false;
  }

  private async apply(partition: AssignedPartition, payload: EachBatchPayload): Promise<void> {
    const { config, logger, metrics, appliers } = this.parts;
    const { batch } = payload;
    const { topic, partition: number, ownerEpoch } = partition;
    const applyBatch = appliers.get(topic);
    if (applyBatch === undefined) return;
    const turn = new BatchTurn(partition, payload, logger, (ms) => {
      this.setAside(partition, ms);
    });
    for (let from = 0; from < batch.messages.length; from += config.ingestBatchCount) {
      if (partition.isPaused || !payload.isRunning()) return; // what is left is fetched again
      const part = batch.messages.slice(from, from + config.ingestBatchCount);
      const isLast = from + part.length === batch.messages.length;
      const lastOffset = part.at(-1)?.offset ?? batch.lastOffset();
      const endOffset = BigInt(isLast ? batch.lastOffset() : lastOffset) + 1n;
      const messages = part
        .map((message) => toMessage(batch, message))
        .filter(({ offset }) => offset >= (partition.nextOffset ?? 0n));
      const position = { topic, partition: number, ownerEpoch, startOffset: partition.nextOffset ?? 0n, endOffset };
      await withHeartbeats(payload, applyBatch(messages, position, turn));
      partition.advance(endOffset);
      partition.observeVisible(messages, metrics);
      payload.resolveOffset(lastOffset);
      partition.hints.put(async () => turn.hint(endOffset));
    }
  }

  /** The others go on meanwhile; what was not applied is fetched again. */
  private setAside(partition: AssignedPartition, ms: number): void {
    const place = [{ topic: partition.topic, partitions: [partition.partition] }];
    this.parts.consumer.pause(place);
    const resume = (): void => {
      const isFree = partition.stopped === null && !partition.isPaused;
      if (isFree && this.isCurrent([partition])) this.parts.consumer.resume(place);
    };
    setTimeout(resume, ms).unref();
  }

  private stop(partition: AssignedPartition, error: RecollectError): void {
    partition.stopped = error;
    if (!this.isCurrent([partition])) return; // it was given out anew meanwhile, perhaps to this consumer
    this.parts.consumer.pause([{ topic: partition.topic, partitions: [partition.partition] }]);
    logError(this.parts.logger, error, 'a partition is stopped');
  }

  private isCurrent(partitions: readonly AssignedPartition[]): boolean {
    const isAssigned = (one: AssignedPartition): boolean =>
      this.assigned.get(placeOf(one.topic, one.partition)) === one;
    return !this.isClosing && partitions.every(isAssigned);
  }

  private async ranges(): Promise<ReadonlyMap<string, LogRange>> {
    return readRanges(this.parts.admin, this.parts.appliers.keys());
  }
}

/** The first offset that a batch has something of; one of which nothing is seen has its last. */
function beginOf(batch: Batch): bigint {
  const offset = BigInt(batch.firstOffset() ?? batch.lastOffset());
  const [first] = batch.messages;
  const begin = first === undefined ? offset : firstOffsetOf(first);
  return begin < offset ? begin : offset;
}
