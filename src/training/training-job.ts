/**
 * What the trainer's child process and its parent say to each other, as JSON over IPC, and the variables that the
 * child needs.
 */
import type { ErrorCode } from '../errors.js';
import type { EpochFigures, TrainingProgress } from '../storage/training-run.entity.js';
import type { Blend } from '../model/checkpoint.js';
import type { Hyperparameters } from './hyperparameters.js';
import type { SplitChoice } from './log/held-out.js';
import type { LabelledFigures } from './labelled-stage.js';
import type { Quality } from './evaluation/metrics.js';
import type { SeenItems } from './log/split.js';
import type { SystemFigures } from './evaluation/system-figures.js';

export type DeviceChoice = 'auto' | 'cpu' | 'gpu';

export interface TrainingJob {
  /** written by `writeSequences` */
  readonly inputFile: string;
  /** written by `writeContent`; left out: the model places no item that it has not learned */
  readonly contentFile?: string;
  /** where the checkpoint goes */
  readonly outputFile: string;
  /** where the training keeps how far it is; one that is there and fits is taken up. Null: nothing is kept */
  readonly stateFile?: string | null;
  /** where its curves go as TensorBoard event files; null: nowhere */
  readonly curvesFolder?: string | null;
  readonly device: DeviceChoice;
  readonly hyperparameters: Hyperparameters;
  /** what is held out; leave-one-out where nothing else is said */
  readonly split?: SplitChoice;
  /** whether seen items are in the ranking; removed where nothing else is said */
  readonly seen?: SeenItems;
  /** the checkpoint of a model whose weights the training starts from; without one it starts from scratch */
  readonly warmStart?: { readonly file: string; readonly modelVersion: number } | null;
}

export type ToTrainer = { readonly type: 'train'; readonly job: TrainingJob } | { readonly type: 'cancel' };

/** A child that is cancelled exits and says nothing more. */
export type FromTrainer =
  | { readonly type: 'progress'; readonly progress: TrainingProgress }
  | { readonly type: 'epoch'; readonly figures: EpochFigures }
  /** it goes on where the state in the file left off, with these epochs over */
  | { readonly type: 'resumed'; readonly epochs: readonly EpochFigures[] }
  /** a new state lies in the file */
  | { readonly type: 'state' }
  /** what an operator should know, such as why a state is not used */
  | { readonly type: 'notice'; readonly message: string }
  | { readonly type: 'done'; readonly result: TrainingResult }
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string };

/** The systems of every test: the model beside what counting gives. */
export const systemNames = ['model', 'modelWithoutBlend', 'popularity', 'markov', 'rules'] as const;
export type SystemName = (typeof systemNames)[number];

/** All items ranked, ties against the model; split and seen items as the job says. */
export interface TestFigures {
  /** as it will serve, with the rules blend that validation chose */
  readonly model: Quality;
  readonly modelWithoutBlend: Quality;
  readonly popularity: Quality;
  readonly markov: Quality;
  readonly rules: Quality;
  /** how many users were asked */
  readonly users: number;
  /** how often; not in reports of leave-one-out from before there was another split: once each */
  readonly cases?: number;
}

export interface TrainingResult {
  readonly checkpointPath: string;
  readonly epochs: readonly EpochFigures[];
  readonly bestEpoch: number;
  /** the labelled stage after it; not in older reports */
  readonly labelled?: LabelledFigures;
  readonly validation: { readonly model: Quality; readonly modelWithoutBlend: Quality };
  readonly test: TestFigures;
  /** the rest of the test's figures; not in older reports */
  readonly systems?: Readonly<Record<SystemName, SystemFigures>>;
  readonly blend: Blend;
  /** of the log that came in; items: those with a training interaction, which the model knows */
  readonly users: number;
  readonly items: number;
  readonly events: number;
  readonly parameters: number;
  readonly hyperparameters: Hyperparameters;
  /** why the weights of the job's `warmStart` were not used; absent: they were, or none were given */
  readonly warmStartRefused?: string;
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
