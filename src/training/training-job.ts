/**
 * What the trainer's child process and its parent say to each other, as JSON over IPC, and the variables that the
 * child needs.
 */
import type { ErrorCode } from '../errors.js';
import type { EpochFigures, TrainingProgress } from '../storage/training-run.entity.js';
import type { Hyperparameters } from './hyperparameters.js';
import type { Figures } from './judge.js';
import type { Quality } from './metrics.js';

export type DeviceChoice = 'auto' | 'cpu' | 'gpu';

export interface TrainingJob {
  /** written by `writeSequences` */
  readonly inputFile: string;
  /** where the checkpoint goes */
  readonly outputFile: string;
  readonly device: DeviceChoice;
  readonly hyperparameters: Hyperparameters;
}

export type ToTrainer = { readonly type: 'train'; readonly job: TrainingJob } | { readonly type: 'cancel' };

/** A child that is cancelled exits and says nothing more. */
export type FromTrainer =
  | { readonly type: 'progress'; readonly progress: TrainingProgress }
  | { readonly type: 'epoch'; readonly figures: EpochFigures }
  | { readonly type: 'done'; readonly result: TrainingResult }
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string };

/** Leave-one-out, all items ranked, seen ones out, ties against the model. */
export interface TestFigures {
  /** as it will serve, with the rules blend that validation chose */
  readonly model: Figures;
  readonly modelWithoutBlend: Figures;
  readonly popularity: Figures;
  readonly markov: Figures;
  readonly rules: Figures;
  /** how many users were asked */
  readonly users: number;
}

export interface TrainingResult {
  readonly checkpointPath: string;
  readonly epochs: readonly EpochFigures[];
  readonly bestEpoch: number;
  readonly validation: { readonly model: Quality; readonly modelWithoutBlend: Quality };
  readonly test: TestFigures;
  readonly blend: { readonly weight: number; readonly scale: number };
  /** of the log that came in; items: those with a training interaction, which the model knows */
  readonly users: number;
  readonly items: number;
  readonly events: number;
  readonly parameters: number;
  readonly hyperparameters: Hyperparameters;
  readonly device: string;
  readonly seconds: number;
}

/**
 * Variables for the child. The native library takes its thread counts from them; the malloc ones let it keep freed
 * buffers, which each step would otherwise get from the kernel page by page.
 */
export function trainerEnvironment(threads: number): Readonly<Record<string, string>> {
  return {
    TF_NUM_INTRAOP_THREADS: String(threads),
    TF_NUM_INTEROP_THREADS: '1',
    OMP_NUM_THREADS: String(threads),
    TF_CPP_MIN_LOG_LEVEL: '2',
    MALLOC_MMAP_THRESHOLD_: String(32 << 20),
    MALLOC_TRIM_THRESHOLD_: String(1 << 30),
  };
}
