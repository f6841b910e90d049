/** The broker killed, Postgres stopped and killed, all under traffic. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Scenario } from '../scenario.js';
import type { Stage } from '../stage.js';

export const brokerKilled: Scenario = {
  name: 'broker-killed',
  about: 'the broker dies again and again, and comes back',
  play: async (stage, size) => {
    const kills = size === 'full' ? 10 : 1;
    await stage.untilJoined(stage.start());
    await stage.whileSending(500, async () => {
      for (let kill = 0; kill < kills; kill++) {
        await stage.untilProgress();
        await stage.services.killKafka();
        await sleep(1_000);
        await stage.services.startKafka();
        stage.faultEnds();
      }
      await stage.untilProgress();
    });
    await stage.untilConsumed();
    return stage.judge();
  },
};

function postgresDown(name: string, about: string, down: (stage: Stage) => Promise<void>): Scenario {
  return {
    name,
    about,
    play: async (stage, size) => {
      const [perSecond, seconds] = size === 'full' ? [5_000, 30] : [500, 3];
      await stage.untilJoined(stage.start());
      await stage.whileSending(perSecond, async () => {
        await stage.untilDone(5 * perSecond);
        await down(stage);
        await sleep(seconds * 1_000);
        await stage.services.startPostgres();
        stage.faultEnds();
        await stage.untilProgress();
        await sleep(seconds * 100);
      });
      await stage.untilConsumed(600_000);
      return stage.judge();
    },
  };
}

export const postgresStopped = postgresDown(
  'postgres-stopped',
  'Postgres is shut down under traffic for 30 s, and comes back',
  async (stage) => stage.services.stopPostgres(),
);

/** The last commits are lost with it, offsets and effects together. */
export const postgresKilled = postgresDown(
  'postgres-killed',
  'Postgres dies by SIGKILL under traffic, is away for 30 s, and comes back without its last commits',
  async (stage) => stage.services.killPostgres(),
);
