/** `recollect study` on a real database with the real trainer: what it finds, and that it goes on where it was killed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { StudyEntity, TrialResult } from '../../src/storage/study.entity.js';
import { loadStudy } from '../../src/storage/study.store.js';
import { recipeFor } from '../../src/training/hyperparameters.js';
import { writeSequences, type SequenceLog } from '../../src/training/log/sequences.js';
import { takeCut } from '../../src/storage/log-cut.store.js';
import { takeSnapshot } from '../../src/training/log/snapshot.js';
import { trainInChild } from '../../src/training/trainer-child.js';
import { freshDatabase, type FreshDatabase } from '../fresh-database.js';
import { insertLog, studySettings } from './study-log.js';

const schema = 'study_spec';
const timeoutMs = 600_000;
const set = { width: 16, batchPositions: 64, rulesPerItem: 1 };
const main = fileURLToPath(new URL('../../dist/src/cli/recollect.js', import.meta.url));
const entry = fileURLToPath(new URL('../../dist/src/training/trainer-process.js', import.meta.url));
const space = { learningRate: { log: [1e-3, 5e-2] }, dropout: { range: [0, 0.5] } };

type Ended = Readonly<Record<'stdout' | 'stderr', string> & { code: number | null }>;

describe('recollect study', () => {
  let database: FreshDatabase;
  let folder: string;
  let log: SequenceLog;
  const never = new AbortController().signal;

  /** The program in a process group of its own, as a shell starts it. */
  const start = (...args: string[]): { readonly child: ChildProcess; readonly ended: Promise<Ended> } => {
    const env = {
      PATH: process.env.PATH,
      DATABASE_URL: database.config.databaseUrl ?? '',
      DATABASE_SCHEMA: schema,
      ...studySettings,
    };
    const child = spawn(process.execPath, [main, 'study', ...args], { env, detached: true });
    const text = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (more: string) => (text.stdout += more));
    child.stderr.setEncoding('utf8').on('data', (more: string) => (text.stderr += more));
    const ended = new Promise<Ended>((done) =>
      child.once('close', (code) => {
        done({ code, ...text });
      }),
    );
    return { child, ended };
  };
  const run = async (...args: string[]): Promise<Ended> => start(...args).ended;
  const create = async (name: string): Promise<void> => {
    const options = ['--trials', '4', '--eta', '2', '--seed', '3', '--space', join(folder, 'space.json')];
    const { code, stderr } = await run('create', '--name', name, ...options);
    if (code !== 0) throw new Error(stderr);
  };
  const load = async (name: string): Promise<StudyEntity> => loadStudy(database.dataSource.manager, name);
  const trained = async (name: string): Promise<readonly TrialResult[]> =>
    (await load(name)).trials.flatMap(({ results }) => results);
  const untilTrained = async (name: string, count: number): Promise<void> => {
    while ((await trained(name)).length < count) await sleep(50);
  };

  beforeAll(async () => {
    database = await freshDatabase(schema, studySettings);
    folder = await mkdtemp(join(tmpdir(), 'recollect-study-spec-'));
    await writeFile(join(folder, 'space.json'), JSON.stringify(space));
    await create('empty');
    await insertLog(database.dataSource);
    log = (await takeSnapshot(database.dataSource, await takeCut(database.dataSource.manager, schema), never)).log;
    await create('whole');
    await create('killed');
    // no trial may learn from what comes after the creation
    await database.dataSource.query(
      `INSERT INTO interaction (user_id, id, item_id, kind, occurred_at)
       SELECT user_id, 'later ' || id, 'item 0', kind, occurred_at + interval '1 day' FROM interaction`,
    );
  }, timeoutMs);
  afterAll(async () => {
    await database.drop();
    await rm(folder, { recursive: true });
  });

  it(
    'trains all, then the best of them and the recipe itself at full length, as a training of these settings would be',
    async () => {
      const { code, stdout, stderr } = await run('run', 'whole');
      expect({ code, stderr }).toMatchObject({ code: 0 });
      const { trials, best, state, dataWindow } = await load('whole');
      expect({ state, dataWindow }).toMatchObject({ state: 'FINISHED', dataWindow: { interactions: 640, users: 80 } });
      const inRung = (rung: number) =>
        trials.flatMap(({ number, results }) => {
          const result = results.find((one) => one.rung === rung);
          return result === undefined || 'errorCode' in result ? [] : [{ number, ...result }];
        });
      const order = (rung: number): readonly number[] =>
        inRung(rung)
          .sort((a, b) => b.ndcgAt10 - a.ndcgAt10 || a.number - b.number)
          .map(({ number }) => number);
      expect([0, 1, 2].map((rung) => [...new Set(inRung(rung).map(({ epochs }) => epochs))])).toEqual([[1], [2], [4]]);
      expect(new Set(inRung(0).map(({ ndcgAt10 }) => ndcgAt10)).size).toBeGreaterThan(1);
      expect([order(0).length, order(1).length]).toEqual([4, 2]);
      expect(order(1)).toEqual(expect.arrayContaining(order(0).slice(0, 2)));
      expect(new Set(order(2))).toEqual(new Set([1, order(1)[0]]));
      expect(best).toBe(order(2)[0]);

      // the best of the last rung, trained without a study
      const winner = trials.find(({ number }) => number === best);
      await writeSequences(join(folder, 'log'), log);
      const direct = await trainInChild(
        {
          inputFile: join(folder, 'log'),
          outputFile: join(folder, 'checkpoint'),
          device: 'cpu',
          hyperparameters: {
            ...recipeFor({ events: 640, users: 80 }),
            ...{ ...set, ...winner?.settings, epochs: 4 },
          },
        },
        { entry, threads: 1, signal: never, onNews: () => undefined },
      );
      expect(winner?.results.at(-1)).toMatchObject(direct.validation.model);

      const ndcg10 = (trial: typeof winner): number =>
        Number(
          inRung(2)
            .find(({ number }) => number === trial?.number)
            ?.ndcgAt10.toFixed(4),
        );
      expect(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')).toEqual({
        study: 'whole',
        trials: 4,
        best,
        ndcg10: ndcg10(winner),
        baseNdcg10: ndcg10(trials[0]),
      });
      const setting = /RECOLLECT_TRAIN_RECIPE='(.*)'/.exec(stdout)?.[1];
      if (best === 1) expect(stdout).toContain('there is nothing to set');
      else
        expect(JSON.parse(setting ?? '')).toEqual({
          width: 16,
          batchPositions: 64,
          rulesPerItem: 1,
          ...winner?.settings,
        });
      expect((await run('show', 'whole')).stdout).toBe(stdout.slice(0, stdout.lastIndexOf('{"study"')));
      expect((await run('list')).stdout).toMatch(/FINISHED {2}4 trials {2}whole {2}best: trial \d\n/);
    },
    timeoutMs,
  );

  it(
    'goes on where it was killed and where it was stopped, and ends with the same table',
    async () => {
      const first = start('run', 'killed');
      await untilTrained('killed', 2);
      process.kill(first.child.pid ?? 0, 'SIGKILL'); //         its trainer has to notice by itself
      await first.ended;
      const kept = (await trained('killed')).length;
      expect((await load('killed')).state).toBe('OPEN');
      expect((await run('show', 'killed')).stdout).toMatch(/Study killed, OPEN: 4 trials[^]*waits/);

      const second = start('run', 'killed');
      await untilTrained('killed', kept + 1);
      process.kill(-(second.child.pid ?? 0), 'SIGINT'); //      Ctrl-C: the trainer gets it too
      expect(await second.ended).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('CANCELLED: stopped; `study run killed` goes on from here'),
      });
      const stopped = (await trained('killed')).length;

      const { stderr, stdout } = await run('run', 'killed');
      const table = (text: string): string => text.slice(text.indexOf('trial  state'), text.lastIndexOf('{"study"'));
      const whole = await run('run', 'whole'); //               it has ended: nothing is trained
      expect(whole.stderr).toBe('');
      expect(table(stdout)).toBe(table(whole.stdout));
      expect(stderr.match(/^rung \d trial \d/gm)).toHaveLength((await trained('whole')).length - stopped);
      const figures = async (name: string) => (await trained(name)).map(({ seconds, ...result }) => result);
      expect(await figures('killed')).toEqual(await figures('whole'));
    },
    timeoutMs,
  );

  it(
    'ends with the reason where the log is too small',
    async () => {
      const { code, stderr } = await run('run', 'empty');
      expect(code).toBe(1);
      expect(stderr).toMatch(/^TRAINING_DATA_INSUFFICIENT: too little to train on: the log has 0 interactions/);
      expect(await load('empty')).toMatchObject({
        state: 'FAILED',
        errorCode: 'TRAINING_DATA_INSUFFICIENT',
        best: null,
      });
      expect(await trained('empty')).toEqual([]);
    },
    timeoutMs,
  );
});
