/**
 * The trainer's child process: takes one job over IPC, trains, writes the checkpoint, says how it went, and exits.
 * What the native library leaks or breaks ends with it.
 *
 * The library is loaded after the job has come, so that a machine without it gets an answer rather than a dead child.
 *
 * No signal may be handled here, and no sampling profiler may run: a handler that interrupts the library's matrix
 * product on this thread corrupts its heap (seen with SIGUSR2 and with --cpu-prof). To stop it, send `cancel` or kill it.
 */
import { rename, writeFile } from 'node:fs/promises';
import { messageOf, RecollectError } from '../errors.js';
import { encodeCheckpoint } from '../model/checkpoint.js';
import { Curves } from './curves/curves.js';
import { readContent } from './content/content-file.js';
import { readSequences } from './log/sequences.js';
import { StateFile } from './state/state-file.js';
import type { FromTrainer, ToTrainer, TrainingJob, TrainingResult } from './training-job.js';
import { digestOf } from './state/training-state.js';

const stopping = new AbortController();

process.on('message', (message: ToTrainer) => {
  switch (message.type) {
    case 'train':
      void work(message.job);
      break;
    case 'cancel':
      stopping.abort();
      break;
  }
});
process.on('disconnect', () => process.exit(1)); //             the parent is gone: nobody will read the result

async function work(job: TrainingJob): Promise<void> {
  try {
    await say({ type: 'done', result: await train(job) });
  } catch (error) {
    if (!stopping.signal.aborted) await say(failure(error));
  } finally {
    process.exit(0);
  }
}

async function train(job: TrainingJob): Promise<TrainingResult> {
  const { trainModel } = await loadTraining();
  const log = await readSequences(job.inputFile);
  const onNotice = (message: string) => void say({ type: 'notice', message });
  const { curvesFolder = null } = job;
  const curves = curvesFolder === null ? null : new Curves(curvesFolder, onNotice);
  const content = job.contentFile === undefined ? null : await readContent(job.contentFile);
  const listener = {
    onProgress: (progress) => void say({ type: 'progress', progress }),
    onEpoch: (figures, steps) => {
      curves?.epoch(figures, steps);
      void say({ type: 'epoch', figures });
    },
    onStep: (figures) => curves?.step(figures),
    onResume: (epochs, steps) => {
      curves?.goOn(steps);
      void say({ type: 'resumed', epochs });
    },
  } satisfies Parameters<typeof trainModel>[2];
  const states = await statesOf(job, onNotice);
  const { checkpoint, result } = await trainModel(log, job, listener, stopping.signal, { states, content });
  await writeFile(`${job.outputFile}.part`, encodeCheckpoint(checkpoint), { mode: 0o600 });
  await rename(`${job.outputFile}.part`, job.outputFile);
  return { ...result, checkpointPath: job.outputFile };
}

async function statesOf(job: TrainingJob, onNotice: (message: string) => void): Promise<StateFile | null> {
  const { stateFile = null } = job;
  if (stateFile === null) return null;
  const digest = await digestOf(job);
  return new StateFile(stateFile, digest, () => void say({ type: 'state' }), onNotice);
}

async function loadTraining() {
  try {
    return await import('./model-training.js');
  } catch (cause) {
    throw new RecollectError(
      'TRAINING_BACKEND_UNAVAILABLE',
      `the native TensorFlow library does not load: ${messageOf(cause)}. ` +
        'Run `node src/embedded/stage-tensorflow.mjs`',
      { cause },
    );
  }
}

function failure(error: unknown): FromTrainer {
  if (error instanceof RecollectError) return { type: 'failed', code: error.code, message: error.message };
  return { type: 'failed', code: 'TRAINING_FAILED', message: `the training failed: ${messageOf(error)}` };
}

/** Resolves when the message is on its way, so that the exit does not cut it off. */
async function say(message: FromTrainer): Promise<void> {
  await new Promise<void>((done) => {
    if (process.send === undefined) done();
    else
      process.send(message, undefined, undefined, () => {
        done();
      });
  });
}
