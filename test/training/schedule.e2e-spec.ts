import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { TrainingRunEntity } from '../../src/storage/training-run.entity.js';
import { createLogger } from '../../src/telemetry.js';
import { Schedule, scheduledTime, scheduleQueue } from '../../src/training/schedule.js';
import { TrainingQueue } from '../../src/training/training-queue.js';
import { freshDatabase, type FreshDatabase } from '../fresh-database.js';

const hourMs = 3_600_000;
const twoHoursAgo = new Date(Date.now() - 2 * hourMs);
/** daily, at the minute that was two hours ago */
const cron = `${twoHoursAgo.getUTCMinutes()} ${twoHoursAgo.getUTCHours()} * * *`;

describe('the schedule', () => {
  let database: FreshDatabase;
  let queue: TrainingQueue;
  beforeAll(async () => {
    database = await freshDatabase('schedule_spec', { RECOLLECT_ROLE: 'train', RECOLLECT_TRAIN_CRON: cron });
  });
  afterAll(async () => {
    await queue.onApplicationShutdown();
    await database.drop();
  });

  let startedAt = new Date();
  const start = async (trainCron = cron): Promise<void> => {
    startedAt = new Date();
    const config = { ...database.config, trainCron };
    queue = new TrainingQueue(config, createLogger(config), database.dataSource);
    await queue.onModuleInit();
    await new Schedule(config, createLogger(config), queue).onModuleInit();
  };
  const stop = async (): Promise<void> => queue.onApplicationShutdown();
  /** Until a pass was made since the start, and no job has been waiting or active for a while. */
  const settle = async (): Promise<void> => {
    for (let quietMs = 0; quietMs < 1_000; quietMs += 100) {
      await sleep(100);
      const rows: { passed: boolean; jobs: number }[] = await database.dataSource.query(
        `SELECT cron_on > $1 AS passed, (SELECT count(*)::int FROM schedule_spec_job.job
           WHERE name IN ('__pgboss__send-it', $2) AND state < 'completed') AS jobs
         FROM schedule_spec_job.version`,
        [startedAt, scheduleQueue],
      );
      if (rows[0]?.passed !== true || rows[0].jobs > 0) quietMs = 0;
    }
  };
  const runs = async (): Promise<TrainingRunEntity[]> => database.dataSource.manager.find(TrainingRunEntity);
  /** As if the last look at the schedule, by a deployment that has been there for a month, lay so far back. */
  const wasAsleepFor = async (hours: number): Promise<void> => {
    await database.dataSource.query(`UPDATE schedule_spec_job.version SET cron_on = now() - $1 * interval '1 hour'`, [
      hours,
    ]);
    await database.dataSource.query(`UPDATE schedule_spec_job.schedule SET created_on = now() - interval '30 days'`);
  };

  it('owes nothing on the first start', async () => {
    await start();
    await settle();
    await stop();
    expect(await runs()).toEqual([]);
  });

  it('makes one run for seven missed nights, and a restart adds none', async () => {
    await wasAsleepFor(7 * 24);
    await start();
    await settle();
    await stop();
    const [run, ...others] = await runs();
    expect(others).toEqual([]);
    const scheduled = new Date(twoHoursAgo);
    scheduled.setUTCSeconds(0, 0);
    expect(run).toMatchObject({ cause: 'CRON', status: 'QUEUED', reason: `scheduled for ${scheduled.toISOString()}` });

    await database.dataSource.query(`UPDATE training_run SET status = 'SUCCEEDED'`);
    for (let restart = 0; restart < 2; restart++) {
      await start();
      await sleep(500);
      await stop();
    }
    await wasAsleepFor(0.01); // a new pass is due, and finds nothing
    await start();
    await settle();
    await stop();
    expect(await runs()).toHaveLength(1);
  });

  it('does not repeat an occurrence that a clock set back brings again', async () => {
    await wasAsleepFor(3);
    await start();
    await settle();
    await stop();
    expect(await runs()).toHaveLength(1);
  });

  it('is removed when the setting is empty', async () => {
    await start('');
    expect(await queue.boss.getSchedules(scheduleQueue)).toEqual([]);
  });

  it('names the occurrence that a job stands for', () => {
    expect(scheduledTime('0 3 * * *', new Date('2026-03-02T03:00:00.000Z'))).toBe('2026-03-02T03:00:00.000Z');
    expect(scheduledTime('0 3 * * *', new Date('2026-03-02T02:59:59.999Z'))).toBe('2026-03-01T03:00:00.000Z');
  });
});
