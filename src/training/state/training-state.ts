/**
 * A training at one moment, whole: another process that takes it up goes on bit for bit as this one would have, on the same
 * machine with one thread. As bytes:
 *
 *   32 bytes   SHA-256 of the rest, so that a damaged state is never taken up
 *   the rest   safetensors: what the optimizer holds and the best weights so far; all other numbers as JSON in its metadata,
 *              with a digest of what is trained on and how
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { RecollectError } from '../../errors.js';
import { decodeTensors, encodeTensors } from '../../model/safetensors.js';
import type { EpochFigures } from '../../storage/training-run.entity.js';
import type { LearnerState } from '../graph/learner.js';
import type { Parameter, Parameters } from '../graph/parameters.js';
import type { TrainingJob } from '../training-job.js';

/** Sums over the steps of the epoch under way. */
export interface Tally {
  readonly loss: number;
  readonly gradientNorm: number;
  readonly largestNorm: number;
  readonly milliseconds: number;
}

export interface TrainingState {
  /** the epoch under way, from 1 on, and how many of its steps are over */
  readonly epoch: number;
  readonly step: number;
  /** steps that are over in all epochs */
  readonly done: number;
  /** the stream that draws batches, as it was before the epoch's */
  readonly stream: number;
  /** the stream that draws pairs of outcomes; null: there are none */
  readonly pairs: number | null;
  readonly tally: Tally;
  readonly epochs: readonly EpochFigures[];
  readonly best: { readonly parameters: Parameters; readonly epoch: number; readonly ndcgAt10: number };
  readonly learner: LearnerState;
}

type DigestedJob = Pick<TrainingJob, 'inputFile' | 'hyperparameters' | 'split' | 'seen' | 'warmStart'>;

const format = 'recollect training state 1';
const hashBytes = 32;

/** What a state belongs to: the log in this file, split like this and trained with this recipe from these weights. */
export async function digestOf({ inputFile, hyperparameters, split, seen, warmStart }: DigestedJob): Promise<string> {
  const recipe = Object.entries(hyperparameters).sort(([a], [b]) => (a < b ? -1 : 1));
  const start = warmStart?.modelVersion ?? null;
  const hash = createHash('sha256').update(JSON.stringify([recipe, split ?? null, seen ?? null, start]));
  await pipeline(createReadStream(inputFile, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}

export function encodeState({ best, learner, ...course }: TrainingState, digest: string): Buffer {
  const { optimizer, ...streams } = learner;
  const { epoch, ndcgAt10 } = best;
  const numbers = { ...course, best: { epoch, ndcgAt10 }, streams, steps: optimizer.steps };
  const file = encodeTensors({
    metadata: new Map(Object.entries({ format, digest, numbers: JSON.stringify(numbers) })),
    tensors: new Map([...renamed(optimizer.tensors, 'optimizer/'), ...renamed(best.parameters, 'best/')]),
  });
  return Buffer.concat([createHash('sha256').update(file).digest(), file]);
}

type Numbers = Omit<TrainingState, 'best' | 'learner'> & {
  readonly best: Omit<TrainingState['best'], 'parameters'>;
  readonly streams: Omit<LearnerState, 'optimizer'>;
  readonly steps: number;
};

/** Throws CHECKPOINT_INVALID with the reason why this state can't be taken up. */
export function decodeState(bytes: Uint8Array, digest: string): TrainingState {
  const file = bytes.subarray(hashBytes);
  const hash = createHash('sha256').update(file).digest();
  if (!hash.equals(bytes.subarray(0, hashBytes))) throw refused('it is damaged or truncated');
  const { metadata, tensors } = decodeTensors(file);
  if (metadata.get('format') !== format) throw refused('another version of the program wrote it');
  if (metadata.get('digest') !== digest) throw refused('it is of another log, split, recipe or start');
  const { best, streams, steps, ...course } = JSON.parse(metadata.get('numbers') ?? '') as Numbers;
  const all = new Map<string, Parameter>();
  for (const [name, { shape, data }] of tensors) if (data instanceof Float32Array) all.set(name, { shape, data });
  return {
    ...course,
    best: { ...best, parameters: without(all, 'best/') },
    learner: { optimizer: { steps, tensors: without(all, 'optimizer/') }, ...streams },
  };
}

function refused(why: string): RecollectError {
  return new RecollectError('CHECKPOINT_INVALID', `the training state is not used: ${why}`);
}

function renamed(parameters: Parameters, prefix: string): [string, Parameter][] {
  return [...parameters].map(([name, parameter]) => [prefix + name, parameter]);
}

function without(parameters: Parameters, prefix: string): Parameters {
  return new Map(
    [...parameters].flatMap(([name, parameter]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), parameter] as const] : [],
    ),
  );
}
