import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { datasets, readDataset } from './datasets.js';

describe('a public data set', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'datasets-'));
    await mkdir(join(folder, 's3rec'));
    await writeFile(join(folder, 's3rec', 'Beauty.txt.gz'), gzipSync('1 10 20 10\n2 20 30\n'));
    const attributes = { 10: [7, 8], 20: [8], 30: [] };
    await writeFile(join(folder, 's3rec', 'Beauty_item2attributes.json.gz'), gzipSync(JSON.stringify(attributes)));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  it('is read user by user, the oldest item first, with the attributes of its items', async () => {
    const { vocabulary, attributes, itemAttributes, users } = await readDataset(folder, datasets.beauty);
    expect(vocabulary).toEqual(['10', '20', '30']);
    expect(users).toMatchObject({ offsets: Int32Array.of(0, 3, 5), rows: Int32Array.of(1, 2, 1, 2, 3) });
    expect(attributes).toEqual(['7', '8']);
    expect(itemAttributes).toEqual({ offsets: Int32Array.of(0, 0, 2, 3, 3), ids: Int32Array.of(0, 1, 1) });
  });

  it('is read without attributes where its name says so', async () => {
    expect(await readDataset(folder, datasets['beauty-plain'])).toMatchObject({ attributes: [] });
  });

  it('says which file is missing', async () => {
    await expect(readDataset(folder, datasets.toys)).rejects.toThrow(/Toys_and_Games.*can not be read.*--data/);
  });
});
