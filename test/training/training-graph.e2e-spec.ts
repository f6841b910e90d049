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
const longMs = 300_000;

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
  it(
    'keeps the loss and its gradients right where the fast form overflows, and where positions weigh differently',
    async () => passes('overflow'),
    timeoutMs,
  );
  it('keeps the moving average of the weights', async () => passes('average'), timeoutMs);
  it(
    'has the losses and gradients of label smoothing and sampled softmax as their definitions give them in doubles',
    async () => passes('losses'),
    timeoutMs,
  );
  it(
    'has the full softmax where everything is sampled, and no bias where the model is right',
    async () => passes('sampled-softmax'),
    timeoutMs,
  );
  it(
    'moves the touched rows of a table as a dense Adam would, and no others',
    async () => passes('row-adam'),
    timeoutMs,
  );
  it('learns a planted pattern from sampled negatives', async () => passes('sampled-training'), timeoutMs);
  it(
    'answers as it was tested, with heads, kinds and gaps and without slots, and learns from kinds and gaps',
    async () => passes('switched-training'),
    timeoutMs,
  );
  it(
    'places items that it never saw by their categories, their text or their vector',
    async () => passes('content'),
    timeoutMs,
  );
  it(
    'has the pairwise loss and its gradients as the definition gives them in doubles',
    async () => passes('pairwise'),
    timeoutMs,
  );
  it(
    'puts the liked above the disliked where outcomes can be known, and trains the read alone in the labelled stage',
    async () => passes('outcomes'),
    timeoutMs,
  );
  it('goes on bit for bit after it was killed, in the middle of an epoch too', async () => passes('resume'), longMs);
  it('leaves no tensor behind in a thousand steps', async () => passes('flat-memory'), longMs);
});
