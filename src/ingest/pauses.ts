/** What operators hold, as this process follows it: a partition that is paused is not fetched, and its batch under way ends early. */
import { isPaused, listPauses } from '../storage/consumer-pause.store.js';
import type { AssignedPartition } from './assigned-partition.js';
import type { SessionParts } from './consumer-session.js';

export async function followPauses(
  { dataSource, consumer, logger }: Pick<SessionParts, 'dataSource' | 'consumer' | 'logger'>,
  partitions: readonly AssignedPartition[],
): Promise<void> {
  const pauses = await listPauses(dataSource.manager);
  for (const partition of partitions) {
    const { topic, partition: number } = partition;
    const isHeld = isPaused(pauses, partition);
    if (partition.isPaused === isHeld) continue;
    partition.hold(isHeld);
    if (isHeld) consumer.pause([{ topic, partitions: [number] }]);
    else if (partition.stopped === null) consumer.resume([{ topic, partitions: [number] }]);
    logger.info({ topic, partition: number }, isHeld ? 'a partition is paused' : 'a partition is resumed');
  }
}
