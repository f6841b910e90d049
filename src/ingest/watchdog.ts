/**
 * Finds a consumer that hangs: messages wait, nothing moves, and no known fault explains it. The first time it asks for a new
 * consumer; if that one does not get on either, for the end of the process, so that whoever runs it starts it anew.
 */
import type { AssignedPartition } from './assigned-partition.js';

export type Advice = 'go on' | 'restart the consumer' | 'end the process';

type Watched = Pick<AssignedPartition, 'lag' | 'stopped' | 'isPaused' | 'waitingFor' | 'progressedAt' | 'lastCommitAt'>;

export class Watchdog {
  /** milliseconds since 1970: when the consumer was replaced; null: it is not on probation */
  private replacedAt: number | null = null;

  constructor(private readonly stallTimeoutMs: number) {}

  /** Times are milliseconds since 1970. */
  look(partitions: readonly Watched[], now: number): Advice {
    const replacedAt = this.replacedAt;
    const hangs = partitions.some(
      ({ lag, stopped, isPaused, waitingFor, progressedAt }) =>
        lag > 0n && stopped === null && !isPaused && waitingFor === null && now - progressedAt > this.stallTimeoutMs,
    );
    if (replacedAt === null) {
      if (hangs) this.replacedAt = now;
      return hangs ? 'restart the consumer' : 'go on';
    }
    // the consumer of before, where it could not be ended, may keep all partitions from this one
    const hasNothing = partitions.length === 0 && now - replacedAt > this.stallTimeoutMs;
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
