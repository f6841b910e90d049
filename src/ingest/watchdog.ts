/**
 * Finds a consumer that hangs: messages wait, nothing moves, and no known fault explains it. The first time it asks for a new
 * consumer; if that one does not get anything done either, for the end of the process, so that whoever runs it starts it anew.
 */
import type { AssignedPartition } from './assigned-partition.js';

export type Advice = 'go on' | 'restart the consumer' | 'end the process';

type Watched = Pick<AssignedPartition, 'lag' | 'stopped' | 'waitingFor' | 'progressedAt'>;

export class Watchdog {
  private restartedAt: number | null = null;

  constructor(private readonly stallTimeoutMs: number) {}

  /** `now`: milliseconds since 1970. */
  look(partitions: readonly Watched[], now: number): Advice {
    const since = this.restartedAt;
    const stalled = partitions.some(
      ({ lag, stopped, waitingFor, progressedAt }) =>
        lag > 0n &&
        stopped === null &&
        waitingFor === null &&
        now - Math.max(progressedAt, since ?? 0) > this.stallTimeoutMs,
    );
    if (!stalled) {
      const isWell = partitions.length > 0 && partitions.every(({ lag }) => lag === 0n);
      if (since !== null && (isWell || now - since > 2 * this.stallTimeoutMs)) this.restartedAt = null;
      return 'go on';
    }
    if (since !== null) return 'end the process';
    this.restartedAt = now;
    return 'restart the consumer';
  }
}
