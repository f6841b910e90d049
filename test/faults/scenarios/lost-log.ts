/** The log that the stored offsets speak of is gone. Nothing is skipped without a word: the service stops, and says what to do. */
import type { IngestProcess } from '../../ingest/ingest-process.js';
import type { Scenario } from '../scenario.js';
import type { Stage } from '../stage.js';

const partitions = 6;
const advice = 'recollect partitions restart';

async function untilStopped(stage: Stage, process: IngestProcess, code: string): Promise<void> {
  const lines = (): readonly string[] => process.log.split('\n').filter((line) => line.includes(code));
  await stage.until(`each partition is stopped by ${code}`, () => lines().length >= partitions);
  const silent = lines().filter((line) => !line.includes(advice));
  if (silent.length > 0) throw new Error(`an error does not say what to do: ${silent[0]}`);
}

export const topicMadeAnew: Scenario = {
  name: 'topic-made-anew',
  about: 'the topic is deleted and made anew, the consumer stops and says what to do, and doing it helps',
  partitions,
  play: async (stage, size) => {
    const count = size === 'full' ? 20_000 : 1_000;
    const process = stage.start();
    await stage.sendTraffic(count);
    await stage.untilConsumed();
    const before = await stage.read();
    await stage.admin.deleteTopics({ topics: [stage.topic] });
    await stage.until('the topic is gone', async () => !(await stage.admin.listTopics()).includes(stage.topic));
    await stage.createTopic(partitions);
    await stage.sendTraffic(count / 10);
    await untilStopped(stage, process, 'OFFSET_PAST_LOG_END');

    await stage.recollect('partitions', 'restart', stage.topic, '--from', 'earliest');
    await stage.untilConsumed();
    return stage.judge([...before, ...(await stage.read())]);
  },
};

export const retentionPastOffset: Scenario = {
  name: 'retention-past-offset',
  about: 'retention has deleted what was not consumed, the consumer stops and says what to do, and doing it helps',
  partitions,
  play: async (stage, size) => {
    const count = size === 'full' ? 20_000 : 1_000;
    const { topic, admin } = stage;
    const first = stage.start();
    await stage.sendTraffic(count);
    await stage.untilConsumed();
    await first.stop();
    const ends = new Map((await admin.fetchTopicOffsets(topic)).map((end) => [end.partition, Number(end.high)]));
    await stage.sendTraffic(count);
    const all = await stage.read();
    const starts = new Map([...ends].map(([partition, end]) => [partition, end + 10]));
    await admin.deleteTopicRecords({
      topic,
      partitions: [...starts].map(([partition, offset]) => ({ partition, offset: String(offset) })),
    });
    const second = stage.start();
    await untilStopped(stage, second, 'LOG_START_PAST_OFFSET');

    await stage.recollect('partitions', 'restart', topic, '--from', 'earliest');
    await stage.untilConsumed();
    const isLeft = (at: number, partition: number): boolean =>
      at < (ends.get(partition) ?? 0) || at >= (starts.get(partition) ?? 0);
    return stage.judge(all.filter(({ offset, partition }) => isLeft(offset, partition)));
  },
};
