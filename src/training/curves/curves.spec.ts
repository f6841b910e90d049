import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Curves } from './curves.js';

const epoch = { epoch: 1, loss: 5, validationHrAt10: 0.2, validationNdcgAt10: 0.1, learningRate: 1e-3, seconds: 1 };
const point = (step: number) => ({ step, loss: 5, learningRate: 1e-3, gradientNorm: 2 });

describe('the curves of a training', () => {
  let parent: string;
  let folder: string;
  let notices: string[];
  const open = () => new Curves(folder, (message) => notices.push(message));
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'recollect-curves-spec-'));
    folder = join(parent, 'run');
    notices = [];
  });
  afterEach(async () => {
    await rm(parent, { recursive: true });
  });

  /** The messages of the folder's files in the order in which TensorBoard reads them, as text. */
  const messages = async (): Promise<string[][]> => {
    const files = await readdir(folder);
    return Promise.all(
      files.sort().map(async (file) => {
        const bytes = await readFile(join(folder, file));
        const texts: string[] = [];
        for (let at = 0; at < bytes.length;) {
          const length = Number(bytes.readBigUInt64LE(at));
          texts.push(bytes.toString('latin1', at + 12, at + 12 + length));
          at += 16 + length;
        }
        return texts;
      }),
    );
  };
  /** Field 2 of an event, a step below 128, after the 9 bytes of its time. */
  const stepOf = (message: string | undefined) => message?.charCodeAt(10);

  it('are the tags of each tenth step and of each epoch, without what is not known', async () => {
    const curves = open();
    curves.step(point(10));
    curves.epoch({ ...epoch, gradientNormMax: 3, slotReadEntropy: 0.5, deadSlots: 1 }, 19);
    curves.epoch({ ...epoch, slotReadEntropy: null, deadSlots: null }, 38);
    const [[version, start, step, full, bare] = []] = await messages();
    expect(version).toContain('brain.Event:2');
    expect([start, step, full, bare].map(stepOf)).toEqual([1, 10, 19, 38]);
    for (const tag of ['loss', 'learning_rate', 'gradient_norm']) expect(step).toContain(tag);
    for (const tag of ['validation/ndcg_at_10', 'slots/read_entropy', 'slots/dead']) expect(full).toContain(tag);
    expect(bare).toContain('validation/ndcg_at_10');
    expect(bare).not.toContain('slots/');
  });

  it('go on in a further file, which takes back the points behind the state', async () => {
    open().step(point(10));
    const later = open();
    later.goOn(19);
    later.step(point(20));
    const [, [, start, step] = []] = await messages();
    expect([start, step].map(stepOf)).toEqual([20, 20]);
    expect(start?.slice(11)).toBe('\x3a\x02\x08\x01'); //       session_log { status: START }
  });

  it('end with a notice, and not the training, where they cannot be written', async () => {
    await writeFile(folder, 'a file');
    const curves = open();
    curves.step(point(10));
    expect(notices).toEqual([expect.stringMatching(/the curves are not written to .*run any more: .*EEXIST/)]);
  });
});
