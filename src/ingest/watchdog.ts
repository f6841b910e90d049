/**
 * Finds a consumer that hangs: messages wait, nothing moves, and no known fault explains it. The first time it asks for a new
 * consumer; if that one does not get on either, for the end of the process, so that whoever runs it starts it anew. Brokers that are
 * away are such a fault: time counts again when they answer. But not for ever, as it may be this process that does not reach them.
 */
import type { AssignedPartition } from './assigned-partition.js';

export type Advice = 'go on' | 'restart the consumer' | 'end the process';

type Watched = Pick<AssignedPartition, 'lag' | 'stopped' | 'isPaused' | 'waitingFor' | 'progressedAt' | 'lastCommitAt'>;

/** In stall timeouts: so long brokers that do not answer explain that nothing moves. */
const longestAway = 10;

export class Watchdog {
  /** milliseconds since 1970: when the consumer was replaced; null: it is not on probation */
  private replacedAt: number | null = null;
  /** since when the brokers have not answered; null: they did when they were asked last */
  private awaySince: number | null = null;
  /** when they were last known to be away */
  private awayAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly stallTimeoutMs: number) {}

  /** Times are milliseconds since 1970. `brokersAnswer`: just now. */
  look(partitions: readonly Watched[], now: number, brokersAnswer: boolean): Advice {
    this.awaySince = brokersAnswer ? null : (this.awaySince ?? now);
    if (this.awaySince !== null && now - this.awaySince <= longestAway * this.stallTimeoutMs) this.awayAt = now;
    const isOver = (since: number): boolean => now - Math.max(since, this.awayAt) > this.stallTimeoutMs;
    const replacedAt = this.replacedAt;
    const hangs = partitions.some(
      ({ lag, stopped, isPaused, waitingFor, progressedAt }) =>
        lag > 0n && stopped === null && !isPaused && waitingFor === null && isOver(progressedAt),
    );
    if (replacedAt === null) {
      if (hangs) this.replacedAt = now;
      return hangs ? 'restart the consumer' : 'go on';
    }
    // the consumer of before, where it could not be ended, may keep all partitions from this one
    const hasNothing = partitions.length === 0 && isOver(replacedAt);
    if (hangs || hasNothing) return 'end the process';
    const getsOn = ({ lag, isPaused, lastCommitAt }: Watched): boolean =>
      lag === 0n || isPaused || (lastCommitAt !== null && lastCommitAt.getTime() > replacedAt);
    if (partitions.length > 0 && partitions.every(getsOn)) this.replacedAt = null;
    return 'go on';
  }

  /** The consumer that was asked for has started: its time runs from now on. */
  replaced(now: number): void {
    if (this.replacedAt !== null) this.replacedAt = now;
  }
}
