/** kill -9 of the consumer at any instant. */
import { uniform } from '../events.js';
import type { Scenario } from '../scenario.js';

export const killed: Scenario = {
  name: 'killed',
  about: 'the consumer dies again and again while messages of 12 partitions wait',
  partitions: 12,
  settings: { RECOLLECT_INGEST_BATCH_COUNT: '200' },
  play: async (stage, size) => {
    const [events, kills] = size === 'full' ? [100_000, 50] : [2_000, 1];
    const portion = events / kills;
    const random = uniform(1);
    for (let kill = 0; kill < kills; kill++) {
      const before = kill === 0 ? 0 : await stage.countDone();
      await stage.sendTraffic(portion);
      const process = stage.start();
      await stage.untilDone(before + Math.floor(random() * portion) + 1);
      await stage.kill(process);
    }
    stage.start();
    await stage.untilConsumed();
    return stage.judge();
  },
};
