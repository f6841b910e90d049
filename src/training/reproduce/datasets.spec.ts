import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { datasets, readDataset } from './datasets.js';
import { sequenceOf, userCount, type SequenceLog } from '../log/sequences.js';

const sequencesOf = ({ users, vocabulary }: SequenceLog) =>
  Array.from({ length: userCount(users) }, (_, user) =>
    [...sequenceOf(users, user)].map((row) => vocabulary[row - 1]).join(' '),
  );

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

  it('is read from pairs of a user and an item, a user with one item too', async () => {
    await mkdir(join(folder, 'amazon-video'));
    await writeFile(join(folder, 'amazon-video', 'Video.txt.gz'), gzipSync('1 5\n1 3\n1 5\n2 3\n4 5\n4 9\n'));
    expect(sequencesOf(await readDataset(folder, datasets['amazon-video']))).toEqual(['5 3 5', '3', '5 9']);
  });

  it('is read from sessions, those of the test last, and refuses another number of them than the split has', async () => {
    await mkdir(join(folder, 'sessions', 'tmall'), { recursive: true });
    await writeFile(join(folder, 'sessions', 'tmall', 'train.txt.gz'), gzipSync('1 1 2\n7\n'));
    await writeFile(join(folder, 'sessions', 'tmall', 'test.txt.gz'), gzipSync('2 1\n'));
    const { tmall } = datasets;
    await expect(readDataset(folder, tmall)).rejects.toThrow(/tmall.*has 1 sessions, the published split has 1027/);
    const one = { ...tmall, files: { ...tmall.files, testSessions: 1 } } as typeof tmall;
    expect(sequencesOf(await readDataset(folder, one))).toEqual(['1 1 2', '7', '2 1']);
  });

  it("has a film's genres and the decade of its year as attributes, through the film ids of the set's items", async () => {
    await mkdir(join(folder, 'ml-1m'));
    const films = "9::Am\u00e9lie (The Movie) (2001)::Comedy|Romance\n11::Toy Story (1995)::Animation|Children's\n";
    await writeFile(join(folder, 'ml-1m', 'movies.dat'), Buffer.from(films, 'latin1'));
    await writeFile(join(folder, 'ml-1m', 'sas_to_original_items.txt'), '1 11\n2 9\n');
    await writeFile(join(folder, 'ml-1m', 'sasrec-order.txt.gz'), gzipSync('1 2 1\n'));
    const { vocabulary, attributes, itemAttributes } = await readDataset(folder, datasets['ml-1m-a-genres']);
    expect(vocabulary).toEqual(['2', '1']);
    expect(attributes).toEqual(['Comedy', 'Romance', '2000s', 'Animation', "Children's", '1990s']);
    expect([...itemAttributes.ids]).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('says which file is missing', async () => {
    await expect(readDataset(folder, datasets.toys)).rejects.toThrow(/Toys_and_Games.*can not be read.*--data/);
  });
});
