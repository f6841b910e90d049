/** The splits beside leave-one-out through the trainer's child: the model learns under each, and the figures are those of its cases. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  SequenceCollector,
  sequenceOf,
  userCount,
  writeSequences,
  type SequenceLog,
} from '../../src/training/log/sequences.js';
import { trainInChild } from '../../src/training/trainer-child.js';
import { systemNames, type TrainingJob, type TrainingResult } from '../../src/training/training-job.js';
import { plantedLog, plantedRecipe } from './planted.js';

const timeoutMs = 240_000;
const entry = join('dist', 'src', 'training', 'trainer-process.js');
const small = { ...plantedRecipe, epochs: 8 };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'recollect-splits-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function train(
  name: string,
  log: SequenceLog,
  job: Pick<TrainingJob, 'split' | 'seen'>,
): Promise<TrainingResult> {
  const inputFile = join(folder, `${name}.log`);
  await writeSequences(inputFile, log);
  return trainInChild(
    {
      inputFile,
      outputFile: join(folder, name),
      device: 'cpu',
      hyperparameters: small,
      ...job,
    },
    { entry, threads: 1, signal: new AbortController().signal, onNews: () => undefined },
  );
}

/** The log with the n-th event of each user at the time n + 1. */
function timed(log: SequenceLog): SequenceLog {
  const collector = new SequenceCollector();
  for (let user = 0; user < userCount(log.users); user++) {
    sequenceOf(log.users, user).forEach((row, at) => {
      collector.add(log.vocabulary[row - 1] ?? '', { occurredAt: at + 1 });
    });
    collector.endUser();
  }
  return collector.finish(() => []);
}

const log = plantedLog(150, 11);
const lengths = Array.from({ length: 150 }, (_, user) => sequenceOf(log.users, user).length);

describe('a training with another split', () => {
  it(
    'asks every prefix of the last sessions, with seen items in the ranking',
    async () => {
      const { test, systems } = await train('sessions', log, {
        split: { kind: 'sessions', testSequences: 20 },
        seen: 'kept',
      });
      expect(test).toMatchObject({ users: 20, cases: lengths.slice(-20).reduce((sum, length) => sum + length - 1, 0) });
      expect(test.modelWithoutBlend.hrAt10).toBeGreaterThan(0.6);
      expect(systems?.model.recallAt20.value).toBeGreaterThanOrEqual(test.model.hrAt10);
      for (const name of systemNames) {
        const figures = systems?.[name];
        expect(figures?.hrAt10.value).toBeCloseTo(test[name].hrAt10, 12);
        expect(figures?.ndcgAt10.value).toBeCloseTo(test[name].ndcgAt10, 12);
        const cases = figures?.byHistoryLength.reduce((sum, group) => sum + group.cases, 0);
        expect(cases).toBe(test.cases);
      }
      expect(systems?.popularity.coverageAt10).toBeCloseTo(10 / 60, 12); // the same ten of sixty for everybody
      expect(systems?.model.coverageAt10).toBeGreaterThan(0.5);
    },
    timeoutMs,
  );

  it(
    'asks for what happened after an instant, of each user the first few',
    async () => {
      const { test, events } = await train('time', timed(log), {
        split: { kind: 'time', validationFrom: 12, testFrom: 15, casesPerUser: 3 },
      });
      const later = lengths.map((length) => Math.max(0, Math.min(3, length - 14)));
      expect(test).toMatchObject({
        users: later.filter((count) => count > 0).length,
        cases: later.reduce((sum, count) => sum + count, 0),
      });
      expect(events).toBe(log.users.rows.length);
      expect(test.modelWithoutBlend.hrAt10).toBeGreaterThan(1.5 * test.popularity.hrAt10);
    },
    timeoutMs,
  );

  it(
    'is refused where the log has no times',
    async () => {
      const split = { kind: 'time', validationFrom: 12, testFrom: 15, casesPerUser: 3 } as const;
      await expect(train('untimed', log, { split })).rejects.toMatchObject({ code: 'BAD_INPUT' });
    },
    timeoutMs,
  );
});

describe('a training on very little', () => {
  const logOf = (...sequences: readonly string[]) => {
    const collector = new SequenceCollector();
    for (const sequence of sequences) {
      for (const item of sequence) collector.add(item);
      collector.endUser();
    }
    return collector.finish(() => []);
  };

  it(
    'has finite figures for one user, and for targets that never occur in the training',
    async () => {
      const result = await train('one user', logOf('ababxy'), {});
      expect(result.test).toMatchObject({ users: 1, cases: 1, model: { hrAt10: 0, ndcgAt10: 0 } });
      expect(result.systems?.model.hrAt10).toEqual({ value: 0, low: 0, high: 0 });
      expect(result.systems?.model.byTargetFrequency[0]).toMatchObject({ from: 0, to: 0, cases: 1 });
      expect(JSON.stringify(result.systems)).not.toMatch(/null(?!,"cases")/); // a number that is none would be null
    },
    timeoutMs,
  );

  it.each([
    ['an empty log', logOf()],
    ['one item', logOf('aaaa', 'aaa')],
    ['a user with one event', logOf('a')],
  ])(
    'is refused for %s',
    async (name, data) => {
      await expect(train(name, data, {})).rejects.toMatchObject({ code: 'TRAINING_DATA_INSUFFICIENT' });
    },
    timeoutMs,
  );
});
