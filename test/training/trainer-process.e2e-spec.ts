/** The trainer's child process, as its parent sees it: a job goes in, news and a checkpoint come out. */
import { fork, type ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeCheckpoint } from '../../src/model/checkpoint.js';
import { Network } from '../../src/model/network.js';
import { quality, rankOf } from '../../src/training/evaluation/metrics.js';
import { writeSequences, type SequenceLog } from '../../src/training/log/sequences.js';
import { leaveOneOut } from '../../src/training/log/split.js';
import {
  trainerEnvironment,
  type FromTrainer,
  type ToTrainer,
  type TrainingJob,
} from '../../src/training/training-job.js';
import { plantedLog, plantedRecipe } from './planted.js';

const timeoutMs = 240_000;
const entry = join('dist', 'src', 'training', 'trainer-process.js');
const log = plantedLog(150, 11);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'recollect-trainer-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

interface Told {
  readonly news: readonly FromTrainer[];
  readonly exitCode: number | null;
}

/** Runs a job to the child's exit. `onNews` may answer. */
async function train(
  name: string,
  data: SequenceLog,
  job: Partial<TrainingJob>,
  onNews: (news: FromTrainer, answer: (message: ToTrainer) => void, child: ChildProcess) => void = () => undefined,
): Promise<Told> {
  const inputFile = join(folder, `${name}.log`);
  await writeSequences(inputFile, data);
  const child = fork(entry, [], {
    env: { PATH: process.env.PATH, ...trainerEnvironment(1) },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const news: FromTrainer[] = [];
  const answer = (message: ToTrainer) => void child.send(message);
  child.on('message', (message: FromTrainer) => {
    news.push(message);
    onNews(message, answer, child);
  });
  answer({
    type: 'train',
    job: {
      inputFile,
      outputFile: join(folder, name),
      device: 'auto',
      hyperparameters: plantedRecipe,
      ...job,
    },
  });
  const exitCode = await new Promise<number | null>((done) => child.once('close', done));
  return { news, exitCode };
}

function resultOf({ news }: Told) {
  const last = news.at(-1);
  if (last?.type !== 'done') throw new Error(`the child ended with ${JSON.stringify(last)}`);
  return last.result;
}

describe('a training on data with a planted pattern', () => {
  let told: Told;
  beforeAll(async () => {
    told = await train('planted', log, {});
  }, timeoutMs);

  it('finds the pattern, which popularity cannot', () => {
    const { test } = resultOf(told);
    expect(test.popularity.hrAt10).toBeLessThan(0.4);
    expect(test.modelWithoutBlend.hrAt10).toBeGreaterThan(0.7);
    expect(test.modelWithoutBlend.ndcgAt10).toBeGreaterThan(2 * test.popularity.ndcgAt10);
    expect(test.users).toBe(150);
  });

  it('tells of every epoch and of the steps in it, and keeps the best epoch', () => {
    const { epochs, bestEpoch } = resultOf(told);
    expect(told.news.flatMap((news) => (news.type === 'epoch' ? [news.figures] : []))).toEqual(epochs);
    const best = Math.max(...epochs.map(({ validationNdcgAt10 }) => validationNdcgAt10 ?? 0));
    expect(epochs[bestEpoch - 1]).toMatchObject({ epoch: bestEpoch, validationNdcgAt10: best });
    expect(epochs.at(-1)?.loss).toBeLessThan(epochs[0]?.loss ?? 0);
    const progress = told.news.flatMap((news) => (news.type === 'progress' ? [news.progress] : []));
    expect(progress[0]).toMatchObject({ phase: 'TRAINING', epoch: 1, epochs: 12, step: 1 });
    expect(progress.at(-1)).toMatchObject({ phase: 'EVALUATION' });
  });

  it('writes a checkpoint whose network, event by event, ranks the test as the training did', async () => {
    const { checkpointPath, test, blend, items } = resultOf(told);
    const network = new Network(decodeCheckpoint(await readFile(checkpointPath)));
    expect(network.dimensions).toMatchObject({ width: 16, slots: 4, blocks: 1, items, attributes: 6 });
    expect(network.checkpoint.blend).toEqual(blend);
    const split = leaveOneOut(log);
    expect(network.vocabulary.ids).toEqual(split.vocabulary);
    const ranks = split.test.map(({ history, target }) => {
      const { state } = network.trace([...history]);
      return rankOf(Float32Array.of(0, ...network.scores(state)), target, history);
    });
    expect(quality(ranks).hrAt10).toBeCloseTo(test.model.hrAt10, 1); // the state is rounded to halves
    expect(quality(ranks).ndcgAt10).toBeCloseTo(test.model.ndcgAt10, 2);
  });

  it(
    'comes out the same for the same seed, bit for bit, and differently for another',
    async () => {
      const again = await train('again', log, {});
      const other = await train('other', log, { hyperparameters: { ...plantedRecipe, seed: 2 } });
      const bytes = await readFile(resultOf(told).checkpointPath);
      expect(bytes.equals(await readFile(resultOf(again).checkpointPath))).toBe(true);
      expect(bytes.equals(await readFile(resultOf(other).checkpointPath))).toBe(false);
      expect(resultOf(again).test).toEqual(resultOf(told).test);
    },
    timeoutMs,
  );
});

describe('a training that keeps states', () => {
  let whole: Told;
  beforeAll(async () => {
    whole = await train('uninterrupted', log, {});
  }, timeoutMs);
  const figuresOf = (told: Told) =>
    resultOf(told).epochs.map(({ seconds, peakMemoryBytes, ...figures }) => {
      expect([seconds > 0, (peakMemoryBytes ?? 0) > 1e8]).toEqual([true, true]);
      return figures;
    });
  const bytesOf = async (told: Told): Promise<Buffer> => readFile(resultOf(told).checkpointPath);

  it(
    'gives the checkpoint of an uninterrupted one, bit for bit, though its process was killed twice',
    async () => {
      const stateFile = join(folder, 'state');
      for (const states of [2, 3]) {
        let told = 0;
        const { news } = await train('killed', log, { stateFile }, (message, _, child) => {
          if (message.type === 'state' && ++told === states) child.kill('SIGKILL');
        });
        expect(news.some(({ type }) => type === 'done')).toBe(false);
      }
      const last = await train('killed', log, { stateFile });
      const resumed = last.news.find((news) => news.type === 'resumed');
      expect(resumed?.epochs.length).toBeGreaterThanOrEqual(5);
      expect(figuresOf(last)).toEqual(figuresOf(whole));
      expect((await bytesOf(last)).equals(await bytesOf(whole))).toBe(true);
    },
    timeoutMs,
  );

  it(
    'does not use the state of another recipe, and says so',
    async () => {
      const stateFile = join(folder, 'state of another seed');
      await train('other seed', log, { stateFile, hyperparameters: { ...plantedRecipe, seed: 2, epochs: 1 } });
      const anew = await train('anew', log, { stateFile });
      expect(anew.news[0]).toEqual({
        type: 'notice',
        message: expect.stringMatching(/of another log, split, recipe or start; the training starts anew/),
      });
      expect((await bytesOf(anew)).equals(await bytesOf(whole))).toBe(true);
    },
    timeoutMs,
  );
});

describe('the trainer', () => {
  it(
    'says what is missing when there is too little data',
    async () => {
      const { news, exitCode } = await train('little', plantedLog(0, 1), {});
      expect(news).toEqual([
        { type: 'failed', code: 'TRAINING_DATA_INSUFFICIENT', message: expect.stringMatching(/0 users with 0 items/) },
      ]);
      expect(exitCode).toBe(0);
    },
    timeoutMs,
  );

  it(
    'refuses a GPU that is not there instead of training on the CPU',
    async () => {
      const { news } = await train('gpu', log, { device: 'gpu' });
      expect(news).toEqual([
        { type: 'failed', code: 'TRAINING_BACKEND_UNAVAILABLE', message: expect.stringMatching(/CPU only/) },
      ]);
    },
    timeoutMs,
  );

  it(
    'says where the loss was no longer a number, and leaves no checkpoint',
    async () => {
      const { news } = await train('diverged', log, { hyperparameters: { ...plantedRecipe, learningRate: 1e30 } });
      expect(news.at(-1)).toEqual({
        type: 'failed',
        code: 'TRAINING_FAILED',
        message: expect.stringMatching(/no longer a number in epoch 1, step \d+.*smaller learning rate/),
      });
      expect((await readdir(folder)).filter((name) => name.startsWith('diverged'))).toEqual(['diverged.log']);
    },
    timeoutMs,
  );

  it(
    'names the file that it cannot read',
    async () => {
      const { news } = await train('absent', log, { inputFile: join(folder, 'nothing here') });
      expect(news).toEqual([
        { type: 'failed', code: 'TRAINING_FAILED', message: expect.stringMatching(/nothing here/) },
      ]);
    },
    timeoutMs,
  );

  it(
    'stops when it is told to, and leaves no checkpoint',
    async () => {
      let told = 0;
      const endless = { ...plantedRecipe, epochs: 1000, patience: 1000 };
      const { news } = await train('stopped', log, { hyperparameters: endless }, (message, answer) => {
        if (message.type === 'epoch' && told++ === 0) answer({ type: 'cancel' });
      });
      expect(news.filter(({ type }) => type === 'done' || type === 'failed')).toEqual([]);
      expect(news.filter(({ type }) => type === 'epoch').length).toBeLessThan(10);
      expect((await readdir(folder)).filter((name) => name.startsWith('stopped'))).toEqual(['stopped.log']);
    },
    timeoutMs,
  );
});
