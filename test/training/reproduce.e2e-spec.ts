import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { sequenceOf } from '../../src/training/log/sequences.js';
import { plantedLog, plantedRecipe } from './planted.js';

const users = 300;
/** The set's own recipe in the size of this log. */
const { width, dropout, batchPositions, learningRate } = plantedRecipe;
const recipe = { width, dropout, batchPositions, learningRate, epochs: 6 };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'recollect-reproduce-'));
  const log = plantedLog(users, 1);
  const lines = Array.from({ length: users }, (_, user) =>
    Array.from(sequenceOf(log.users, user), (row) => `${user + 1} ${row}\n`).join(''),
  );
  await mkdir(join(folder, 'amazon-video'));
  await writeFile(join(folder, 'amazon-video', 'Video.txt.gz'), gzipSync(lines.join('')));
});
afterAll(async () => rm(folder, { recursive: true }));

const reproduce = async (): Promise<Record<string, number>> => {
  const program = [
    'dist/src/cli/recollect.js',
    'reproduce',
    'amazon-video',
    '--data',
    folder,
    '--reports',
    join(folder, 'reports'),
  ];
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...program,
    '--recipe',
    JSON.stringify(recipe),
    '--served',
  ]);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<string, number>;
};

it('trains on a public data set and reports it, also as it is served with states in half precision, once', async () => {
  const figures = await reproduce();
  const { hr10 = 0, ndcg10 = 0, plainHr10 = 0, plainNdcg10 = 0, rulesHr10 = 0 } = figures;
  expect(Math.min(hr10, rulesHr10)).toBeGreaterThan(0.5); // the pattern is learned
  expect(figures.servedHr10).toBeCloseTo(hr10, 2);
  expect(figures.servedNdcg10).toBeCloseTo(ndcg10, 2);
  expect(figures.servedPlainHr10).toBeCloseTo(plainHr10, 2);
  expect(figures.servedPlainNdcg10).toBeCloseTo(plainNdcg10, 2);
  const reports = await readdir(join(folder, 'reports'));
  expect(reports).toHaveLength(1); // and no state of the training
  expect(await reproduce()).toEqual(figures);
}, 240_000);
