/** A partition that this consumer was given: how far it is, and what holds it up. Offsets are those of the next message. */
import { RecollectError, type ErrorCode } from '../errors.js';
import type { Progress } from '../storage/consumer-progress.store.js';
import type { Metrics } from '../telemetry.js';
import type { LogRange } from './log-range.js';
import type { Message } from './message.js';
import { Hints } from './turn.js';

export interface PartitionStatus {
  readonly topic: string;
  readonly partition: number;
  /** null: not claimed yet */
  readonly nextOffset: bigint | null;
  readonly highWatermark: bigint | null;
  readonly lag: bigint | null;
  readonly lastCommitAt: Date | null;
  /** of the newest message that was applied; null: none yet */
  readonly eventTime: Date | null;
  /** whether an operator holds it */
  readonly isPaused: boolean;
  /** why nothing is consumed any more; null while it is */
  readonly stopped: { readonly code: ErrorCode; readonly message: string } | null;
  /** the fault that is waited out; null when there is none */
  readonly waitingFor: string | null;
}

/** Of a Date; a producer may claim any time. */
const latestTime = 8.64e15;

export class AssignedPartition {
  readonly hints = new Hints();
  ownerEpoch = 0n;
  nextOffset: bigint | null = null;
  /** past `nextOffset` by records that no one sees: markers of transactions, aborted messages */
  position = 0n;
  highWatermark = 0n;
  stopped: RecollectError | null = null;
  waitingFor: string | null = null;
  lastCommitAt: Date | null = null;
  eventTime: Date | null = null;
  isPaused = false;
  /** since it moved last, because its dead letters could not be kept */
  timesSetAside = 0;
  /** a gap before this offset was asked for once more */
  soughtBackTo: bigint | null = null;
  /** milliseconds since 1970: when the partition moved last, or had nothing left to do */
  progressedAt = Date.now();

  constructor(
    readonly topic: string,
    readonly partition: number,
  ) {}

  own({ nextOffset, ownerEpoch }: Progress): void {
    this.ownerEpoch = ownerEpoch;
    this.nextOffset = nextOffset;
    this.stopped = null;
    this.waitingFor = null;
    this.timesSetAside = 0;
    this.position = nextOffset; // also back
    this.progressedAt = Date.now();
  }

  advance(endOffset: bigint): void {
    this.nextOffset = endOffset;
    this.soughtBackTo = null;
    this.waitingFor = null;
    this.timesSetAside = 0;
    this.lastCommitAt = new Date();
    this.moveTo(endOffset);
  }

  moveTo(position: bigint): void {
    if (position <= this.position) return;
    this.position = position;
    this.progressedAt = Date.now();
  }

  /** Counts how long each took from its time until answers know it. */
  observeVisible(messages: readonly Message[], { eventToVisible }: Pick<Metrics, 'eventToVisible'>): void {
    const now = Date.now();
    const seconds = eventToVisible.labels({ topic: this.topic, partition: this.partition });
    for (const { timestamp } of messages) {
      const time = Number(timestamp);
      seconds.observe(Math.max(0, now - time) / 1_000);
      const isNewest = time > (this.eventTime?.getTime() ?? -1) && time <= latestTime;
      if (isNewest) this.eventTime = new Date(time);
    }
  }

  hold(isPaused: boolean): void {
    this.isPaused = isPaused;
    this.progressedAt = Date.now(); // what waited meanwhile does not count as hanging
  }

  observeEnd(high: bigint): void {
    if (this.lag === 0n) this.progressedAt = Date.now();
    this.highWatermark = high;
  }

  /** Messages that wait. */
  get lag(): bigint {
    return this.highWatermark > this.position ? this.highWatermark - this.position : 0n;
  }

  /** Why this partition can't go on with what the brokers have; null if it can. Nothing is ever skipped without a word. */
  contradiction({ low, high }: LogRange): RecollectError | null {
    const next = this.nextOffset;
    if (next === null || (low <= next && next <= high)) return null;
    const place = `partition ${this.partition} of ${this.topic}: the stored next offset is ${next}, the brokers have ${low} up to ${high}`;
    const remedy = `it stays stopped; to go on with what is there: recollect partitions restart ${this.topic}:${this.partition} --from earliest`;
    return next < low
      ? new RecollectError('LOG_START_PAST_OFFSET', `${place}: the messages between are gone; ${remedy}`)
      : new RecollectError('OFFSET_PAST_LOG_END', `${place}: the topic was made anew or lost its end; ${remedy}`);
  }

  status(): PartitionStatus {
    const { topic, partition, nextOffset, highWatermark, lastCommitAt, eventTime, isPaused, waitingFor, stopped } =
      this;
    const isKnown = nextOffset !== null;
    return {
      topic,
      partition,
      nextOffset,
      highWatermark: isKnown ? highWatermark : null,
      lag: isKnown ? this.lag : null,
      lastCommitAt,
      eventTime,
      isPaused,
      stopped: stopped === null ? null : { code: stopped.code, message: stopped.message },
      waitingFor,
    };
  }
}
