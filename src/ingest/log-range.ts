/** What the brokers have of each partition. */
import type { Admin } from 'kafkajs';

/** Offsets `low` up to `high`, without it. */
export interface LogRange {
  readonly low: bigint;
  readonly high: bigint;
}

export function placeOf(topic: string, partition: number): string {
  return `${topic}:${partition}`;
}

/** By place; asks the brokers each time. */
export async function readRanges(admin: Admin, topics: Iterable<string>): Promise<ReadonlyMap<string, LogRange>> {
  const ranges = new Map<string, LogRange>();
  for (const topic of topics) {
    for (const { partition, low, high } of await admin.fetchTopicOffsets(topic))
      ranges.set(placeOf(topic, partition), { low: BigInt(low), high: BigInt(high) });
  }
  return ranges;
}
