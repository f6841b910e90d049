import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readSequences, SequenceCollector, sequenceOf, userCount, writeSequences } from './sequences.js';

function collected() {
  const collector = new SequenceCollector();
  for (const items of [['b', 'a', 'b'], [], ['c'], ['ü 𝄞', 'a']]) {
    for (const item of items) {
      collector.add(item, item === 'c' ? {} : { kind: 'rating', value: items.length, occurredAt: 1.6e12 + 1 });
    }
    collector.endUser();
  }
  return collector.finish((item) => (item === 'a' ? ['red', 'old', 'red'] : item === 'c' ? ['old'] : []));
}

describe('SequenceCollector', () => {
  it('gives rows in the order of first occurrence and leaves users without interactions out', () => {
    const log = collected();
    expect(log.vocabulary).toEqual(['b', 'a', 'c', 'ü 𝄞']);
    expect(userCount(log.users)).toBe(3);
    expect([0, 1, 2].map((user) => [...sequenceOf(log.users, user)])).toEqual([[1, 2, 1], [3], [4, 2]]);
  });

  it('lists the attributes of each item once', () => {
    const log = collected();
    expect(log.attributes).toEqual(['red', 'old']);
    expect([...log.itemAttributes.offsets]).toEqual([0, 0, 0, 2, 3, 3]);
    expect([...log.itemAttributes.ids]).toEqual([0, 1, 1]);
  });

  it('keeps kind, value and time of each interaction', () => {
    const { kinds, users } = collected();
    expect(kinds).toEqual(['rating', 'view']);
    expect([...users.kinds]).toEqual([0, 0, 0, 1, 0, 0]);
    expect([...users.values]).toEqual([3, 3, 3, Number.NaN, 2, 2]);
    expect([...users.times]).toEqual([1.6e12 + 1, 1.6e12 + 1, 1.6e12 + 1, 0, 1.6e12 + 1, 1.6e12 + 1]);
  });

  it('has no value where it is no number, or too large for the column', () => {
    const collector = new SequenceCollector();
    for (const value of [2.5, Number.NaN, Infinity, -Infinity, 1e300, -3.4e38]) collector.add('a', { value });
    const { values } = collector.finish(() => []).users;
    expect([...values]).toEqual([2.5, NaN, NaN, NaN, NaN, Math.fround(-3.4e38)]);
  });

  it('grows beyond its first room', () => {
    const collector = new SequenceCollector();
    for (let n = 0; n < 150_000; n++) collector.add(`item ${n % 7}`);
    const { rows } = collector.finish(() => []).users;
    expect(rows).toHaveLength(150_000);
    expect([rows[0], rows[6], rows[7], rows[149_999]]).toEqual([1, 7, 1, (149_999 % 7) + 1]);
  });
});

describe('the file of sequences', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'recollect-sequences-'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  it('gives back what was written', async () => {
    const file = join(folder, 'log');
    await writeSequences(file, collected());
    expect(await readSequences(file)).toEqual(collected());
  });

  it('holds an empty log', async () => {
    const file = join(folder, 'empty');
    const empty = new SequenceCollector().finish(() => []);
    await writeSequences(file, empty);
    expect(await readSequences(file)).toEqual(empty);
  });

  it('refuses a file that is cut off, and one of another kind', async () => {
    const file = join(folder, 'cut');
    await writeSequences(file, collected());
    await truncate(file, (await readFile(file)).length - 1);
    await expect(readSequences(file)).rejects.toMatchObject({ code: 'TRAINING_FAILED', message: /ends too early/ });
    await writeFile(file, 'userId,itemId,timestamp\n');
    await expect(readSequences(file)).rejects.toMatchObject({
      code: 'TRAINING_FAILED',
      message: /does not start with/,
    });
  });
});
