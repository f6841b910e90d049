import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RecollectError } from '../errors.js';
import { defaultHyperparameters } from './hyperparameters.js';
import { trainInChild } from './trainer-child.js';
import type { FromTrainer, TrainingJob } from './training-job.js';

const job: TrainingJob = {
  inputFile: 'in',
  outputFile: 'out',
  device: 'cpu',
  hyperparameters: defaultHyperparameters,
};

describe('the training process, seen from its parent', () => {
  let folder: string;
  let count = 0;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'recollect-child-spec-'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  /** Runs a child whose answer to a message is this code. */
  const train = async (onMessage: string, signal = new AbortController().signal) => {
    const entry = join(folder, `${count++}.mjs`);
    await writeFile(entry, `process.on('message', async (message) => { ${onMessage} });`);
    const news: FromTrainer[] = [];
    const result = await trainInChild(job, { entry, threads: 1, signal, onNews: (one) => news.push(one) });
    return { result, news };
  };

  it('hands over the job, the news and the result', async () => {
    const { result, news } = await train(`
      process.send({ type: 'progress', progress: { epoch: 3 } });
      process.send({ type: 'done', result: { job: message.job } }, () => process.exit(0));
    `);
    expect(result).toEqual({ job });
    expect(news).toEqual([{ type: 'progress', progress: { epoch: 3 } }]);
  });

  it('has no secret in its environment', async () => {
    process.env.DATABASE_URL = 'postgres://u:hidden@h/d';
    const { result } = await train(`
      process.send({ type: 'done', result: process.env }, () => process.exit(0));
    `);
    delete process.env.DATABASE_URL;
    expect(JSON.stringify(result)).not.toContain('hidden');
    expect(result).toMatchObject({ TF_NUM_INTRAOP_THREADS: '1', PATH: process.env.PATH });
  });

  it('fails with the code that the child names', async () => {
    await expect(
      train(`
        process.send({ type: 'failed', code: 'TRAINING_DATA_INSUFFICIENT', message: '3 items' }, () => process.exit(1));
      `),
    ).rejects.toMatchObject({ code: 'TRAINING_DATA_INSUFFICIENT', message: '3 items' });
  });

  it('says how a child died, and its last words', async () => {
    await expect(train(`process.stderr.write('out of memory\\n', () => process.exit(7));`)).rejects.toMatchObject({
      code: 'TRAINING_FAILED',
      message: 'the training process ended with code 7 before it was done; its last words: out of memory',
    });
    await expect(train(`process.kill(process.pid, 'SIGSEGV');`)).rejects.toMatchObject({
      code: 'TRAINING_FAILED',
      message: 'the training process ended by SIGSEGV before it was done',
    });
    await expect(train(`process.exit(0);`)).rejects.toMatchObject({ code: 'TRAINING_FAILED' });
  });

  it('asks a child to stop, and fails with the reason', async () => {
    const stopping = new AbortController();
    const reason = new RecollectError('CANCELLED', 'no longer wanted');
    setTimeout(() => {
      stopping.abort(reason);
    }, 300);
    await expect(train(`if (message.type === 'cancel') process.exit(0);`, stopping.signal)).rejects.toBe(reason);
    await expect(train('', AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  it('ends a child that does not stop after five seconds', async () => {
    const stopping = new AbortController();
    const reason = new RecollectError('CANCELLED', 'no longer wanted');
    setTimeout(() => {
      stopping.abort(reason);
    }, 300);
    const started = performance.now();
    await expect(train(`setInterval(() => undefined, 1_000);`, stopping.signal)).rejects.toBe(reason);
    expect(performance.now() - started).toBeGreaterThan(5_000);
  });
});
