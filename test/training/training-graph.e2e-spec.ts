/**
 * The training graph by itself. Each check is a script in native/ that runs in a process of its own, compiled: the
 * native library takes 850 MB, and does not take typed arrays from jest's sandbox.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { trainerEnvironment } from '../../src/training/training-job.js';

const timeoutMs = 120_000;

async function passes(check: string): Promise<void> {
  const script = join('dist', 'test', 'training', 'native', `${check}.js`);
  const run = promisify(execFile)(process.execPath, [script], { env: { ...process.env, ...trainerEnvironment(1) } });
  await expect(run).resolves.toBeDefined();
}

describe('the training graph', () => {
  it('has the loss and every gradient of the PyTorch reference', async () => passes('gradients'), timeoutMs);
  it(
    'gives the query vectors and scores that event by event PyTorch and src/model give, whatever is switched on',
    async () => passes('streaming'),
    timeoutMs,
  );
  it('keeps the loss and its gradients right where the fast form overflows', async () => passes('overflow'), timeoutMs);
  it(
    'answers as it was tested, with heads, kinds and gaps and without slots, and learns from kinds and gaps',
    async () => passes('switched-training'),
    timeoutMs,
  );
  it('leaves no tensor behind', async () => passes('flat-memory'), timeoutMs);
});
