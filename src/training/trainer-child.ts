/**
 * The child process that trains, seen from its parent: it loads TensorFlow, trains one job and exits.
 *
 * It gets no secret: neither the database nor any setting, only the files of its job and what the native library reads.
 * It is told to stop by a message and, when it does not, ended after five seconds.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { RecollectError } from '../errors.js';
import {
  trainerEnvironment,
  type FromTrainer,
  type ToTrainer,
  type TrainingJob,
  type TrainingResult,
} from './training-job.js';

/** The module that the child runs, beside this one. */
export const trainerEntry = fileURLToPath(new URL('./trainer-process.js', import.meta.url));

const killMs = 5_000;
const keptCharacters = 2_000;

/** Variables that the child inherits: where programs, libraries, devices and temporary files are. */
const inherited =
  /^(PATH|HOME|USER|LANG|LC_\w+|TMPDIR|TEMP|TMP|SystemRoot|LD_LIBRARY_PATH|XDG_CACHE_HOME|(CUDA|NVIDIA|XLA|TF)_\w+)$/;

export type News = Exclude<FromTrainer, { readonly type: 'done' | 'failed' }>;

export interface ChildOptions {
  /** the module that the child runs */
  readonly entry: string;
  readonly threads: number;
  readonly signal: AbortSignal;
  readonly onNews: (news: News) => void;
}

/** Rejects with the child's error, with TRAINING_FAILED when it died without one, or with the signal's reason. */
export async function trainInChild(job: TrainingJob, options: ChildOptions): Promise<TrainingResult> {
  const { signal } = options;
  signal.throwIfAborted();
  const child = fork(options.entry, [], {
    execPath: process.execPath,
    execArgv: [],
    env: environment(options.threads),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let killer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    say(child, { type: 'cancel' });
    killer = setTimeout(() => child.kill('SIGKILL'), killMs);
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await outcomeOf(child, job, options);
  } finally {
    signal.removeEventListener('abort', stop);
    clearTimeout(killer);
  }
}

/** Waits for the end of the process, whatever it said before: its memory is free when this returns. */
async function outcomeOf(child: ChildProcess, job: TrainingJob, options: ChildOptions): Promise<TrainingResult> {
  const said: { result?: TrainingResult; failure?: RecollectError } = {};
  let lastWords = '';
  child.stdout?.resume();
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    lastWords = (lastWords + text).slice(-keptCharacters);
  });
  child.on('message', (message: FromTrainer) => {
    switch (message.type) {
      case 'progress':
      case 'epoch':
      case 'resumed':
      case 'state':
      case 'notice':
        options.onNews(message);
        break;
      case 'done':
        said.result = message.result;
        break;
      case 'failed':
        said.failure = new RecollectError(message.code, message.message);
        break;
    }
  });
  const ended = new Promise<string>((done, failed) => {
    child.once('error', failed);
    child.once('close', (code, signal) => {
      done(signal === null ? `with code ${code ?? 'unknown'}` : `by ${signal}`);
    });
  });
  say(child, { type: 'train', job });
  const how = await ended;
  options.signal.throwIfAborted();
  if (said.failure !== undefined) throw said.failure;
  if (said.result !== undefined) return said.result;
  const words = lastWords.trim();
  throw new RecollectError(
    'TRAINING_FAILED',
    `the training process ended ${how} before it was done${words === '' ? '' : `; its last words: ${words}`}`,
  );
}

/** A child that is gone hears nothing; its end is told by `close`. */
function say(child: ChildProcess, message: ToTrainer): void {
  if (child.connected) child.send(message, () => undefined);
}

function environment(threads: number): Record<string, string> {
  const kept = Object.entries(process.env).filter(([name, value]) => inherited.test(name) && value !== undefined);
  return { ...(Object.fromEntries(kept) as Record<string, string>), ...trainerEnvironment(threads) };
}
