/**
 * One side of the comparison as a process that is asked by lines of JSON: what it is asked and answers, and the process from
 * outside. The other side waits while one works.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Batch } from '../../src/training/log/batches.js';
import type { Parameters } from '../../src/training/graph/parameters.js';
import { trainerEnvironment } from '../../src/training/training-job.js';

/** Sizes of the network and the settings of a step. */
export interface StepSizes {
  readonly width: number;
  readonly slots: number;
  readonly items: number;
  readonly chunk: number;
  readonly dropout: number;
  readonly learningRate: number;
  readonly clipNorm: number;
}

export interface Built {
  readonly sizes: StepSizes;
  /** data: base64 of little-endian float32 */
  readonly weights: Readonly<Record<string, { readonly shape: readonly number[]; readonly data: string }>>;
  readonly batches: readonly SentBatch[];
}

export interface SentBatch {
  readonly steps: number;
  readonly users: number;
  readonly rows: readonly number[]; //       [T*B], time-major
  readonly positions: readonly number[]; //  [P]
  readonly targets: readonly number[]; //    [P]
}

export interface Step {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly loss: number;
}

/** Of the first batch, without dropout. */
export interface Checked {
  readonly loss: number;
  /** norm of the gradient of each parameter outside of the GRU */
  readonly gradients: Readonly<Record<string, number>>;
  /** positions of a chunk of PyTorch's cross entropy, the fastest here; null: all at once by its own function */
  readonly rows?: number | null;
}

export type Question = ({ readonly do: 'build' } & Built) | { readonly do: 'check' } | { readonly do: 'round' };

export class Side {
  private readonly child: ChildProcess;
  private readonly answers: AsyncIterator<string>;

  constructor(
    private readonly name: string,
    command: string,
    args: readonly string[],
  ) {
    const env = { ...process.env, ...trainerEnvironment(1) };
    this.child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
    if (this.child.stdout === null) throw new Error('unreachable: its output is a pipe');
    this.answers = createInterface(this.child.stdout)[Symbol.asyncIterator]();
  }

  async build(built: Built): Promise<string> {
    return (await this.ask<{ readonly library: string }>({ do: 'build', ...built })).library;
  }

  async check(): Promise<Checked> {
    return this.ask<Checked>({ do: 'check' });
  }

  /** Trains on each batch once. */
  async round(): Promise<readonly Step[]> {
    return this.ask<readonly Step[]>({ do: 'round' });
  }

  end(): void {
    this.child.stdin?.end();
  }

  private async ask<Answer>(question: Question): Promise<Answer> {
    this.child.stdin?.write(`${JSON.stringify(question)}\n`);
    const answer = await this.answers.next();
    if (answer.done === true) throw new Error(`${this.name} ended before it answered; its last lines say why`);
    return JSON.parse(answer.value) as Answer;
  }
}

export function sentWeights(parameters: Parameters): Built['weights'] {
  const base64 = (data: Float32Array) => Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');
  return Object.fromEntries([...parameters].map(([name, { shape, data }]) => [name, { shape, data: base64(data) }]));
}

export function receivedWeights(weights: Built['weights']): Parameters {
  return new Map(
    Object.entries(weights).map(([name, { shape, data }]) => {
      const bytes = new Uint8Array(Buffer.from(data, 'base64')); // a copy begins aligned
      return [name, { shape, data: new Float32Array(bytes.buffer) }];
    }),
  );
}

export function sentBatch({ steps, users, rows, positions, targets }: Batch): SentBatch {
  return { steps, users, rows: [...rows], positions: [...positions], targets: [...targets] };
}

export function receivedBatch({ steps, users, rows, positions, targets }: SentBatch): Batch {
  const none = new Int32Array(rows.length);
  const [r, p, t] = [Int32Array.from(rows), Int32Array.from(positions), Int32Array.from(targets)];
  return { steps, users, rows: r, positions: p, targets: t, kinds: none, gaps: none, weights: null, pairs: null };
}
