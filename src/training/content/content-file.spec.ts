import { describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readContent, writeContent } from './content-file.js';

describe('the file of what items are', () => {
  it('gives text and vector of each item back, and leaves out items without either', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'recollect-content-spec-'));
    const file = join(folder, 'content');
    const row = { categories: ['not in the file'] };
    await writeContent(file, [
      [
        { ...row, id: 'a', text: 'two\nlines\u2028\u2029\r and "quotes"', vector: [0.1, -1e-45, 3e38] },
        { ...row, id: 'empty', text: '', vector: null },
      ],
      [],
      [{ ...row, id: 'b', text: '', vector: [7] }],
    ]);
    const content = await readContent(file);
    expect([...content]).toEqual([
      ['a', { text: 'two\nlines\u2028\u2029\r and "quotes"', vector: Float32Array.of(0.1, -1e-45, 3e38) }],
      ['b', { text: '', vector: Float32Array.of(7) }],
    ]);
    await rm(folder, { recursive: true });
  });
});
