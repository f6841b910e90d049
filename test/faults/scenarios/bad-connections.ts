/** Connections that are reset, that swallow everything, that are slow. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Scenario } from '../scenario.js';

export const connectionReset: Scenario = {
  name: 'connection-reset',
  about: 'all connections to Postgres, to the broker, or to both are reset again and again',
  settings: { RECOLLECT_INGEST_BATCH_COUNT: '100' },
  play: async (stage, size) => {
    const resets = size === 'full' ? 30 : 3;
    const { postgresProxy, kafkaProxy } = stage.services;
    await stage.untilJoined(stage.start());
    await stage.whileSending(500, async () => {
      for (let round = 0; round < resets; round++) {
        await stage.untilProgress();
        if (round % 3 !== 1) postgresProxy.reset();
        if (round % 3 !== 0) kafkaProxy.reset();
        stage.faultEnds();
      }
      await stage.untilProgress();
    });
    await stage.untilConsumed();
    return stage.judge();
  },
};

/** The watchdog may end the process, which whoever runs it starts again. */
export const blackHole: Scenario = {
  name: 'black-hole',
  about: 'what is sent to Postgres, then to the broker, comes nowhere for 60 s, and nobody is told',
  play: async (stage, size) => {
    const seconds = size === 'full' ? 60 : 5;
    const { postgresProxy, kafkaProxy } = stage.services;
    await stage.untilJoined(stage.start());
    const supervisor = setInterval(() => {
      if (stage.processes.at(-1)?.exitCode !== null) stage.start();
    }, 500);
    try {
      await stage.whileSending(500, async () => {
        for (const proxy of [postgresProxy, kafkaProxy]) {
          await stage.untilProgress();
          proxy.setWeather({ isBlackHole: true });
          await sleep(seconds * 1_000);
          proxy.setWeather({});
          stage.faultEnds();
        }
        await stage.untilProgress();
      });
      await stage.untilConsumed();
    } finally {
      clearInterval(supervisor);
    }
    return stage.judge();
  },
};

export const latency: Scenario = {
  name: 'latency',
  about: 'every answer of Postgres and of the broker takes 500 ms longer',
  partitions: 3,
  settings: { RECOLLECT_STALL_TIMEOUT_MS: '60000' }, // a batch has some twenty statements
  play: async (stage, size) => {
    const { postgresProxy, kafkaProxy } = stage.services;
    await stage.untilJoined(stage.start());
    const events = size === 'full' ? 20_000 : 200;
    await stage.sendTraffic(events);
    for (const proxy of [postgresProxy, kafkaProxy]) proxy.setWeather({ latencyMs: 250 }); // there and back
    await stage.sendTraffic(events);
    await stage.untilConsumed();
    return stage.judge();
  },
};
