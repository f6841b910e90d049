/** The time that the client gives for a batch: waiting and writing must not cost the partition, so heartbeats go on meanwhile. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { EachBatchPayload } from 'kafkajs';
import { RecollectError } from '../errors.js';
import { logError, type Logger } from '../telemetry.js';
import type { AssignedPartition } from './assigned-partition.js';
import { TurnOver, type Turn } from './batch.js';

const heartbeatMs = 2_000;
const firstBackOffMs = 100;
const longestBackOffMs = 10_000;

/** Twice as long after each attempt, up to 10 s, with jitter so that consumers do not come back all at once. */
export function backOffMs(attempt: number): number {
  return Math.min(longestBackOffMs, firstBackOffMs * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2);
}

/** A heartbeat that fails says so again at the next one, which the client itself makes. None for a consumer that is to leave. */
export async function withHeartbeats<R>(payload: EachBatchPayload, work: Promise<R>): Promise<R> {
  const timer = setInterval(() => {
    if (payload.isRunning()) payload.heartbeat().catch(() => undefined);
  }, heartbeatMs);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}

/** Hints of one partition, one at a time, so that they arrive in their order; of those that wait only the newest is sent. No batch waits for them. */
export class Hints {
  private next: (() => Promise<void>) | null = null;
  private sending: Promise<void> | null = null;

  put(send: () => Promise<void>): void {
    this.next = send;
    this.sending ??= this.send();
  }

  async settled(): Promise<void> {
    await this.sending;
  }

  private async send(): Promise<void> {
    while (this.next !== null) {
      const send = this.next;
      this.next = null;
      await send();
    }
    this.sending = null;
  }
}

export class BatchTurn implements Turn {
  constructor(
    private readonly partition: AssignedPartition,
    private readonly payload: EachBatchPayload,
    private readonly logger: Logger,
    /** has the partition fetched again after so many ms */
    private readonly setAside: (ms: number) => void,
  ) {}

  /** Ends the turn for a fault of this partition alone: waiting here would hold up the others of the same fetch. */
  async wait(attempt: number, error: unknown): Promise<void> {
    const isOfPartition = error instanceof RecollectError && error.code === 'DEAD_LETTER_UNAVAILABLE';
    if (isOfPartition) this.partition.timesSetAside += 1;
    const ms = backOffMs(isOfPartition ? this.partition.timesSetAside : attempt);
    this.partition.waitingFor = error instanceof RecollectError ? error.code : 'the database';
    logError(this.logger, error, `a batch is tried again in ${Math.round(ms)} ms`);
    if (isOfPartition) {
      this.setAside(ms);
      throw new TurnOver();
    }
    for (const until = Date.now() + ms; Date.now() < until;) {
      if (!this.payload.isRunning() || this.payload.isStale()) throw new TurnOver();
      await this.payload.heartbeat();
      await sleep(Math.min(500, Math.max(1, until - Date.now())));
    }
  }

  /** Tells the brokers how far the partition is, for tools that show lag; nothing here depends on it. */
  async hint(endOffset: bigint): Promise<void> {
    const { topic, partition } = this.partition;
    try {
      const partitions = [{ partition, offset: String(endOffset) }];
      await this.payload.commitOffsetsIfNecessary({ topics: [{ topic, partitions }] });
    } catch (error) {
      this.logger.debug({ topic, partition, reason: String(error) }, 'the offset was not committed to the brokers');
    }
  }
}
