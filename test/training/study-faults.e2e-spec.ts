/** What can go wrong in a study. The children are real processes that only pretend to train. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RecollectError } from '../../src/errors.js';
import { loadStudy } from '../../src/storage/study.store.js';
import { createLogger } from '../../src/telemetry.js';
import { readSpace } from '../../src/training/study/search-space.js';
import { createStudy } from '../../src/training/study/study.js';
import { recipeToSet, summaryOf, tableOf } from '../../src/training/study/study-report.js';
import { runStudy } from '../../src/training/study/study-run.js';
import { freshDatabase, type FreshDatabase } from '../fresh-database.js';
import { insertLog, studySettings } from './study-log.js';

const schema = 'study_faults_spec';
const main = fileURLToPath(new URL('../../dist/src/cli/recollect.js', import.meta.url));
const never = new AbortController().signal;

/** Trials 2 and 3 have 5 and 6 slots, in either order; the recipe itself has 4. */
const space = readSpace('{"slots": {"choices": [5, 6]}}', 'it');

describe('a study', () => {
  let database: FreshDatabase;
  let folder: string;
  let children = 0;
  beforeAll(async () => {
    database = await freshDatabase(schema, studySettings);
    folder = await mkdtemp(join(tmpdir(), 'recollect-study-faults-'));
    await insertLog(database.dataSource);
  });
  afterAll(async () => {
    await database.drop();
    await rm(folder, { recursive: true });
  });

  /** Three trials at eta 2: three with 2 epochs, then the best and the recipe itself with 4. */
  const create = async (name: string): Promise<string> => {
    await createStudy(database.dataSource, database.config, { name, trials: 3, eta: 2, seed: 1, space });
    return name;
  };
  const load = async (name: string) => loadStudy(database.dataSource.manager, name);
  /** `onJob`: what a child does with the hyperparameters `given`; it may answer with `score` or `fail`. */
  const run = async (name: string, onJob: string, signal = never, trainTimeoutMs = 60_000) => {
    const entry = join(folder, `${children++}.mjs`);
    await writeFile(
      entry,
      `const answer = (message) => process.send(message, () => process.exit(0));
       const score = (ndcgAt10) => answer({ type: 'done', result: { validation: { model: { hrAt10: 2 * ndcgAt10, ndcgAt10 } } } });
       const fail = (code, message) => answer({ type: 'failed', code, message });
       process.on('message', async ({ type, job }) => {
         if (type === 'cancel') process.exit(0);
         const given = job.hyperparameters;
         ${onJob}
       });`,
    );
    const { dataSource, config } = database;
    const context = { dataSource, config: { ...config, trainTimeoutMs }, logger: createLogger(config), entry, signal };
    return runStudy({ ...context, onNews: () => undefined, onResult: () => undefined }, name);
  };
  const leaves = (file: string): string => `(await import('node:fs')).writeFileSync(${JSON.stringify(file)}, '');`;
  const untilThere = async (file: string): Promise<void> => {
    while (!existsSync(file)) await sleep(50);
  };
  const figures = async (name: string) =>
    (await load(name)).trials.map(({ settings, results }) => [
      settings.slots ?? 4,
      ...results.map((result) => ('errorCode' in result ? result.errorCode : [result.epochs, result.ndcgAt10])),
    ]);

  it('goes on without a trial whose training fails, and finds the best of the others', async () => {
    const name = await create('one-fails');
    const study = await run(
      name,
      `if (given.slots === 6) fail('TRAINING_FAILED', 'the loss is no longer a number');
       else if (given.slots === 5) process.kill(process.pid, 'SIGKILL');
       else score(given.epochs / 10 + given.testUsers);`,
    );
    const [base, ...others] = await figures(name);
    expect(base).toEqual([4, [2, 0.2], [4, 0.4]]);
    expect(others).toContainEqual([5, 'TRAINING_FAILED']);
    expect(others).toContainEqual([6, 'TRAINING_FAILED']);
    expect(summaryOf(study)).toEqual({ study: name, trials: 3, best: 1, ndcg10: 0.4, baseNdcg10: 0.4 });
    expect(recipeToSet(study)).toBeNull();
    expect(tableOf(study)).toMatch(/ 1 {2}best +1 +4 +0\.4000 +0\.8000 {2}the recipe as it is\n/);
    expect(tableOf(study)).toMatch(/failed +0 +2 +- +- {2}slots 6; the loss is no longer a number/);
    expect(tableOf(study)).toMatch(/failed +0 +2 +- +- {2}slots 5; .* ended by SIGKILL/);
  });

  it('gives the settings of its best trial, with those that had been set, for the next trainings', async () => {
    const study = await run(await create('better'), `score(given.epochs / 10 + given.slots / 100);`);
    expect(summaryOf(study)).toMatchObject({ ndcg10: 0.46, baseNdcg10: 0.44 });
    expect(recipeToSet(study)).toEqual({ width: 16, batchPositions: 64, rulesPerItem: 1, slots: 6 });
  });

  it('ends a training that takes too long, with its trial alone', async () => {
    const name = await create('slow');
    await run(name, `if (given.slots === 6) setInterval(() => undefined, 1_000); else score(0.1);`, never, 1_500);
    expect(await figures(name)).toContainEqual([6, 'TRAINING_TIMEOUT']);
    expect(await load(name)).toMatchObject({ state: 'FINISHED', best: 1 });
  });

  it('ends with the reason where nothing can be trained, and goes on when that has changed', async () => {
    const name = await create('no-library');
    await expect(
      run(name, `if (given.slots === 4) score(0.1); else fail('TRAINING_BACKEND_UNAVAILABLE', 'no library');`),
    ).rejects.toMatchObject({ code: 'TRAINING_BACKEND_UNAVAILABLE' });
    expect(await load(name)).toMatchObject({ state: 'FAILED', errorCode: 'TRAINING_BACKEND_UNAVAILABLE' });
    expect(tableOf(await load(name))).toContain('TRAINING_BACKEND_UNAVAILABLE: no library');
    await run(name, `if (given.slots === 4 && given.epochs === 2) fail('INTERNAL', 'trained again'); else score(0.2);`);
    expect(await load(name)).toMatchObject({ state: 'FINISHED', errorCode: null, errorMessage: null });
  });

  it('says so where every trial has failed', async () => {
    const name = await create('all-fail');
    await expect(run(name, `fail('TRAINING_FAILED', 'it diverged');`)).rejects.toMatchObject({
      code: 'TRAINING_FAILED',
      message: 'no trial of study all-fail came to its end; the first: it diverged',
    });
    expect(await load(name)).toMatchObject({ state: 'FAILED', best: null });
  });

  it('is run by one process at a time, beside another study', async () => {
    const name = await create('twice');
    const file = join(folder, 'begun');
    const stopping = new AbortController();
    const first = run(name, `${leaves(file)} setInterval(() => undefined, 1_000);`, stopping.signal);
    first.catch(() => undefined);
    await untilThere(file);
    expect(await refusal('run', name)).toMatch(/^STUDY_UNDER_WAY: study twice runs in another process/);
    await run(await create('beside'), `score(0.1);`);
    stopping.abort(new RecollectError('CANCELLED', 'stopped'));
    await expect(first).rejects.toMatchObject({ code: 'CANCELLED' });
    expect((await load(name)).trials.flatMap(({ results }) => results)).toEqual([]);
    await run(name, `score(0.1);`);
    expect(await load(name)).toMatchObject({ state: 'FINISHED' });
  });

  it('is not gone on with by a process whose session was ended', async () => {
    const name = await create('lost');
    const file = join(folder, 'under-way');
    const ended = run(name, `${leaves(file)} setInterval(() => undefined, 1_000);`);
    ended.catch(() => undefined);
    await untilThere(file);
    const killed: unknown[] = await database.dataSource.query(
      `SELECT pg_terminate_backend(pid) FROM pg_locks
       WHERE locktype = 'advisory' AND classid = 7381005 AND objid = hashtext($1)::oid`, // of this study: other suites run beside it
      [`${schema} ${name}`],
    );
    expect(killed).toHaveLength(1);
    await expect(ended).rejects.toThrow();
    expect((await load(name)).trials.flatMap(({ results }) => results)).toEqual([]);
    await run(name, `score(0.1);`);
    expect(await load(name)).toMatchObject({ state: 'FINISHED' });
  });

  const recollect = async (...args: string[]): Promise<string> => {
    const env = { PATH: process.env.PATH, DATABASE_URL: database.config.databaseUrl ?? '', DATABASE_SCHEMA: schema };
    return (await promisify(execFile)(process.execPath, [main, 'study', ...args], { env })).stdout;
  };
  const refusal = async (...args: string[]): Promise<string> =>
    recollect(...args).then(
      (text) => `it was not refused: ${text}`,
      (error: unknown) => (error as { readonly stderr: string }).stderr,
    );

  it('is refused with what is wrong', async () => {
    await create('known');
    const file = join(folder, 'wrong.json');
    await writeFile(file, '{"dropuot": {"range": [0, 0.5]}, "dropout": {"range": [0.5, 0.1]}}');
    expect(await refusal('create', '--name', 'known')).toMatch(/^BAD_INPUT: there is a study known already/);
    expect(await refusal('create', '--name', 'a b')).toMatch(/^BAD_INPUT: --name a b may have/);
    expect(await refusal('create', '--name', 'new', '--trials', '1')).toMatch(/^BAD_INPUT: --trials 1 is not .* 2 to/);
    expect(await refusal('create', '--name', 'new', '--space', file)).toMatch(
      /^BAD_INPUT: the space in .*wrong\.json is wrong:\n {2}dropuot is no hyperparameter[^]*\n {2}dropout\.range: must be/,
    );
    expect(await refusal('create', '--name', 'new', '--space', 'absent')).toMatch(/^BAD_INPUT: --space absent can not/);
    expect(await refusal('run', 'unknown')).toMatch(/^NOT_FOUND: there is no study unknown/);
    expect(await refusal('show', 'unknown')).toMatch(/^NOT_FOUND: there is no study unknown/);
    expect(await recollect('list')).toMatch(/OPEN {6}3 trials {2}known\n/);
  });

  it('is not run on where interactions that it learns from are gone', async () => {
    const name = await create('shrunk');
    await database.dataSource.query(`DELETE FROM interaction WHERE user_id = 'user 7'`);
    await expect(run(name, `score(0.1);`)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringMatching(/^study shrunk learns from 640 .* of which 632 of 79 users with/),
    });
  });
});
