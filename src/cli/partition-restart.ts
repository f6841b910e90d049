/** Where a stopped partition goes on is an operator's decision: the brokers no longer have what the stored offset asks for. */
import type { Admin } from 'kafkajs';
import type { DataSource } from 'typeorm';
import type { Config } from '../config.js';
import { RecollectError } from '../errors.js';
import { createKafka, topicsOf } from '../ingest/kafka-client.js';
import { placeOf, readRanges, type LogRange } from '../ingest/log-range.js';
import { everyPartition } from '../storage/consumer-pause.entity.js';
import type { Pause } from '../storage/consumer-pause.store.js';
import { listProgress, restartPartition } from '../storage/consumer-progress.store.js';
import { deleteReport } from '../storage/partition-status.store.js';
import { createLogger } from '../telemetry.js';

/** `from`: earliest, latest or an offset, which is that of one partition. Returns a line for each partition that was set. */
export async function restartPartitions(
  dataSource: DataSource,
  config: Config,
  { topic, partition }: Pause,
  from: string,
): Promise<readonly string[]> {
  const consumed = Object.values(topicsOf(config));
  if (!consumed.includes(topic))
    throw new RecollectError('BAD_INPUT', `${topic} is not consumed here: ${consumed.join(', ')} are`);
  if (/^\d{1,18}$/.test(from) && partition === everyPartition)
    throw new RecollectError('BAD_INPUT', `an offset is that of one partition: write ${topic}:<partition>`);
  const ranges = await rangesOf(config, topic);
  const partitions = partition === everyPartition ? [...ranges.keys()].sort((one, other) => one - other) : [partition];
  const starts = partitions.map((number) => ({
    number,
    offset: startOf(placeOf(topic, number), ranges.get(number), from),
  }));
  const before = new Map(
    (await listProgress(dataSource.manager)).map((row) => [placeOf(row.topic, row.partition), row]),
  );
  await dataSource.transaction(async (tx) => {
    for (const { number, offset } of starts) {
      await restartPartition(tx, topic, number, offset);
      await deleteReport(tx, topic, number);
    }
  });
  return starts.map(({ number, offset }) => {
    const place = placeOf(topic, number);
    return `${place}  goes on from ${offset}; before: ${before.get(place)?.nextOffset ?? 'not begun'}`;
  });
}

function startOf(place: string, range: LogRange | undefined, from: string): bigint {
  if (range === undefined) throw new RecollectError('NOT_FOUND', `the brokers have no ${place}`);
  const { low, high } = range;
  if (from === 'earliest') return low;
  if (from === 'latest') return high;
  if (!/^\d{1,18}$/.test(from))
    throw new RecollectError('BAD_INPUT', `--from "${from}" is none of earliest, latest and an offset`);
  const offset = BigInt(from);
  if (low <= offset && offset <= high) return offset;
  throw new RecollectError('BAD_INPUT', `${place} has the offsets ${low} up to ${high}, ${offset} is not among them`);
}

/** By the number of the partition. */
async function rangesOf(config: Config, topic: string): Promise<ReadonlyMap<number, LogRange>> {
  const admin: Admin = createKafka(config, createLogger({ ...config, logLevel: 'silent' })).admin();
  await admin.connect();
  try {
    if (!(await admin.listTopics()).includes(topic))
      throw new RecollectError('NOT_FOUND', `the brokers have no topic ${topic}`);
    const ranges = await readRanges(admin, [topic]);
    return new Map([...ranges].map(([place, range]) => [Number(place.slice(place.lastIndexOf(':') + 1)), range]));
  } finally {
    await admin.disconnect();
  }
}
