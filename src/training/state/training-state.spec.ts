import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultHyperparameters } from '../hyperparameters.js';
import { decodeState, digestOf, encodeState, type TrainingState } from './training-state.js';

const tensor = (...numbers: number[]) => ({ shape: [numbers.length], data: Float32Array.from(numbers) });
const state: TrainingState = {
  epoch: 3,
  step: 7,
  done: 27,
  stream: -1_234_567_890,
  pairs: 8,
  tally: { loss: 0.1 + 0.2, gradientNorm: 1 / 3, largestNorm: 5e-324, milliseconds: 12.5 },
  epochs: [{ epoch: 1, loss: 5, validationHrAt10: 0.1, validationNdcgAt10: null, learningRate: 1e-3, seconds: 1.5 }],
  best: { parameters: new Map([['a', tensor(1, 2)]]), epoch: 2, ndcgAt10: 0.123456789012345 },
  learner: {
    optimizer: {
      steps: 27,
      tensors: new Map([
        ['value/a', tensor(3, 4)],
        ['mean/a', tensor(1e-38, -0)],
      ]),
    },
    dropout: { stream: 5, pool: -6 },
    negatives: -7,
  },
};

describe('a training state as bytes', () => {
  const bytes = encodeState(state, 'digest');

  it('comes back as it was, to the last bit', () => {
    const back = decodeState(bytes, 'digest');
    expect(back).toEqual(state);
    expect(Object.is(back.learner.optimizer.tensors.get('mean/a')?.data[1], -0)).toBe(true);
  });

  it('is refused for another log, split, recipe or start', () => {
    expect(() => decodeState(bytes, 'other')).toThrow(/of another log, split, recipe or start/);
  });

  it('is refused wherever it is cut off or changed', () => {
    for (const length of [0, 10, 32, 40, bytes.length - 1]) {
      expect(() => decodeState(bytes.subarray(0, length), 'digest')).toThrow(/damaged or truncated/);
    }
    for (const at of [3, 33, 100, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => decodeState(changed, 'digest')).toThrow(/damaged or truncated/);
    }
  });

  it('is refused when another version of the program wrote it', () => {
    const file = Buffer.from(bytes.subarray(32));
    file.write('recollect training state 0', file.indexOf('recollect training state'));
    const older = Buffer.concat([createHash('sha256').update(file).digest(), file]);
    expect(() => decodeState(older, 'digest')).toThrow(/another version of the program wrote it/);
  });

  it('belongs to the bytes of the log, to its split, to where it started and to every hyperparameter', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'recollect-state-spec-'));
    const [one, other] = [join(folder, 'one'), join(folder, 'other')];
    await writeFile(one, 'log');
    await writeFile(other, 'lag');
    const job = { inputFile: one, hyperparameters: defaultHyperparameters };
    const digest = await digestOf(job);
    expect(await digestOf({ inputFile: one, hyperparameters: { ...defaultHyperparameters } })).toBe(digest);
    for (const [name, value] of Object.entries(defaultHyperparameters)) {
      const changed = typeof value === 'number' ? value + 1 : !value;
      const hyperparameters = { ...defaultHyperparameters, [name]: changed };
      expect(await digestOf({ ...job, hyperparameters })).not.toBe(digest);
    }
    const digests = [
      digestOf({ ...job, inputFile: other }),
      digestOf({ ...job, split: { kind: 'sessions', testSequences: 5 } }),
      digestOf({ ...job, seen: 'kept' }),
      digestOf({ ...job, warmStart: { file: one, modelVersion: 3 } }),
    ];
    expect(new Set([digest, ...(await Promise.all(digests))]).size).toBe(5);
    await rm(folder, { recursive: true });
  });
});
