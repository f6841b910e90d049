/**
 * Dropout masks, 0 or 1 / (1 - rate). Drawing fresh ones took a fifth of a step, so they are slices of a pool, at
 * random places; the pool itself is drawn anew each epoch.
 *
 * Its state is two numbers: of the random stream now, and of the stream when the pool was drawn, from which the same pool is
 * drawn again.
 */
import { operation, tf, type Tensor } from '../backend.js';
import type { Random } from '../random.js';

const uniform = operation('StatelessRandomUniform', { dtype: 'float', T: 'int', Tseed: 'int' });

export interface DropoutState {
  readonly stream: number;
  readonly pool: number;
}

export class Dropout {
  private poolBegan = 0;
  private pool: Tensor | null = null;
  private readonly size: number;

  /** `largest` is the number count of the largest mask that will usually be asked for. */
  constructor(
    private readonly rate: number,
    largest: number,
    private readonly random: Random,
  ) {
    this.size = Math.max(1 << 20, 4 * largest);
  }

  /** Draws the pool anew. */
  refresh(): void {
    this.pool?.dispose();
    this.poolBegan = this.random.state;
    this.pool = tf.keep(tf.tidy(() => this.draw(this.size)));
  }

  state(): DropoutState {
    return { stream: this.random.state, pool: this.poolBegan };
  }

  restore({ stream, pool }: DropoutState): void {
    this.random.state = pool;
    this.refresh();
    this.random.state = stream;
  }

  dispose(): void {
    this.pool?.dispose();
    this.pool = null;
  }

  mask(shape: readonly number[]): Tensor {
    const size = shape.reduce((product, length) => product * length, 1);
    if (size > this.size) return tf.reshape(this.draw(size), [...shape]);
    if (this.pool === null) throw new Error('refresh() comes before mask()');
    return tf.reshape(tf.slice(this.pool, [this.random.below(this.size - size + 1)], [size]), [...shape]);
  }

  private draw(size: number): Tensor {
    const seed = tf.tensor1d([this.random.below(2 ** 31), this.random.below(2 ** 31)], 'int32');
    const kept = tf.greaterEqual(uniform(tf.tensor1d([size], 'int32'), seed), this.rate);
    return tf.mul(tf.cast(kept, 'float32'), 1 / (1 - this.rate));
  }
}
