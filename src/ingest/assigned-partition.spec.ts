import { describe, expect, it } from '@jest/globals';
import { AssignedPartition } from './assigned-partition.js';

function owned(nextOffset: bigint): AssignedPartition {
  const partition = new AssignedPartition('topic', 3);
  partition.own({ nextOffset, ownerEpoch: 1n });
  return partition;
}

describe('an assigned partition', () => {
  it.each([
    [10n, { low: 0n, high: 20n }, null],
    [10n, { low: 10n, high: 10n }, null],
    [9n, { low: 10n, high: 20n }, 'LOG_START_PAST_OFFSET'],
    [21n, { low: 10n, high: 20n }, 'OFFSET_PAST_LOG_END'],
  ] as const)('that goes on at %s of a log %j is contradicted by %s', (next, range, code) => {
    const contradiction = owned(next).contradiction(range);
    expect(contradiction?.code ?? null).toBe(code);
    if (code !== null) expect(contradiction?.message).toContain(`next offset is ${next}`);
  });

  it('is contradicted by nothing before it is claimed', () => {
    expect(new AssignedPartition('topic', 0).contradiction({ low: 5n, high: 9n })).toBeNull();
  });

  it('has no lag behind records that no one sees', () => {
    const partition = owned(10n);
    partition.observeEnd(12n);
    expect(partition.lag).toBe(2n);
    partition.moveTo(12n);
    expect(partition.lag).toBe(0n);
    expect(partition.status()).toMatchObject({ nextOffset: 10n, highWatermark: 12n, lag: 0n });
  });

  it('has not hung while nothing was there to do', () => {
    const partition = owned(10n);
    partition.progressedAt = 0;
    partition.observeEnd(11n);
    expect(partition.progressedAt).toBeGreaterThan(0);
  });
});
