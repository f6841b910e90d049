/** Where the first run of a deployment begins in a topic. Later ones, and partitions that a topic gets later, have no part in it. */
import type { Admin } from 'kafkajs';
import type { DataSource } from 'typeorm';
import type { Config } from '../config.js';
import { startTopic } from '../storage/consumer-progress.store.js';

/** Does nothing where the topic was begun. Of several processes that come first, one decides for each partition. */
export async function beginTopic(
  dataSource: DataSource,
  admin: Admin,
  topic: string,
  start: Config['kafkaStart'],
): Promise<void> {
  if (start === 'earliest') return; // as every partition does that has no stored offset
  const offsets =
    start === 'latest' ? await admin.fetchTopicOffsets(topic) : await admin.fetchTopicOffsetsByTimestamp(topic, start);
  const starts = offsets.map(({ partition, offset }) => ({ partition, offset: BigInt(offset) }));
  await startTopic(dataSource.manager, topic, starts);
}
