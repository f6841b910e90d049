/**
 * The weights while they are trained, and Adam, which changes them in place: TensorFlow resource variables and
 * ResourceApplyAdam, one pass over each parameter. As PyTorch's Adam (epsilon is added to the bias-corrected root),
 * with the gradients cut to a common norm first.
 */
import { RecollectError } from '../../errors.js';
import { operation, operations, tf, type Tensor } from '../backend.js';
import type { Weights } from '../graph/layers.js';
import type { Parameters } from '../graph/parameters.js';
import { allRows, applyToRows, readRows, type TouchedRows } from './row-adam.js';
import { assign, copyOf, readVariable, set, variable } from './variables.js';

const beta1 = 0.9;
const beta2 = 0.98;
const epsilon = 1e-8;

const adam = operations('ResourceApplyAdam', { T: 'float', use_locking: false, use_nesterov: false }, 0);
const halfSquareSum = operation('L2Loss');

/** All that an optimizer holds, so that another one goes on bit for bit as it would have. */
export interface OptimizerState {
  readonly steps: number;
  /** by part of the variable and parameter: `value`, `mean`, `square`, and `average` where one is kept, as in `mean/output.bias` */
  readonly tensors: Parameters;
}

interface Variable {
  readonly shape: readonly number[];
  readonly value: Tensor; //   handles of the resources
  /** Adam's moving means of the gradient and of its square */
  readonly mean: Tensor;
  readonly square: Tensor;
  /** moving average of the value; null where none is kept */
  readonly average: Tensor | null;
}

export class Optimizer {
  private readonly variables: ReadonlyMap<string, Variable>;
  private steps = 0;

  /** `averageDecay` 0 keeps no average. */
  constructor(
    parameters: Parameters,
    private readonly averageDecay = 0,
  ) {
    this.variables = new Map(
      [...parameters].map(([name, { shape, data }]) => {
        const part = (which: string, values: Float32Array) => variable(`${name}/${which}`, shape, values);
        const zeros = () => new Float32Array(data.length);
        const average = averageDecay === 0 ? null : part('average', data);
        const [value, mean, square] = [part('value', data), part('mean', zeros()), part('square', zeros())];
        return [name, { shape, value, mean, square, average }];
      }),
    );
  }

  /**
   * The current weights as tensors that share the variables' memory. Dispose them before `apply`, or it has to copy.
   * Of the parameters that `touched` names, copies of these rows.
   */
  read(touched: TouchedRows = allRows): Weights {
    return new Map(
      [...this.variables].map(([name, { value }]) => {
        const rows = touched.get(name);
        return [name, rows === undefined ? readVariable(value) : readRows(value, rows)];
      }),
    );
  }

  /** The same of the weights that are kept: the averages, where there are any. */
  readKept(): Weights {
    return new Map([...this.variables].map(([name, { value, average }]) => [name, readVariable(average ?? value)]));
  }

  /**
   * One step. Returns the gradients' norm before the cut; a norm that is not finite changes nothing. Gradients of the
   * parameters that `touched` names are of these rows.
   */
  apply(gradients: Weights, learningRate: number, clipNorm: number, touched: TouchedRows = allRows): number {
    return tf.tidy(() => {
      const squares = [...gradients.values()].map((gradient) => halfSquareSum(gradient));
      const norm = Math.sqrt(2 * (tf.addN(squares).dataSync()[0] ?? Number.NaN));
      if (!Number.isFinite(norm)) return norm;
      this.steps++;
      const power1 = beta1 ** this.steps;
      const power2 = beta2 ** this.steps;
      const scalars = [power1, power2, learningRate, beta1, beta2, epsilon * Math.sqrt(1 - power2)].map((x) =>
        tf.scalar(x),
      );
      for (const [name, gradient] of gradients) {
        const { value, mean, square } = this.variable(name);
        const cut = norm > clipNorm ? tf.mul(gradient, clipNorm / norm) : gradient;
        const rows = touched.get(name);
        if (rows === undefined) adam(value, mean, square, ...scalars, cut);
        else applyToRows({ value, mean, square }, rows, cut, { learningRate, beta1, beta2, epsilon, power1, power2 });
      }
      this.average();
      return norm;
    });
  }

  /** The first steps count more than the decay says, or the average would long remember how the weights started. */
  private average(): void {
    const decay = Math.min(this.averageDecay, (1 + this.steps) / (10 + this.steps));
    for (const { value, average } of this.variables.values()) {
      if (average === null) return;
      const [now, before] = [readVariable(value), readVariable(average)];
      const next = tf.add(before, tf.mul(tf.sub(now, before), 1 - decay));
      tf.dispose([now, before]); //                             or the assignment would copy
      assign(average, next);
    }
  }

  /** A copy of the kept weights that later steps don't change. */
  snapshot(): Parameters {
    return new Map(
      [...this.variables].map(([name, { shape, value, average }]) => [name, { shape, data: copyOf(average ?? value) }]),
    );
  }

  exportState(): OptimizerState {
    const tensors = [...this.variables].flatMap(([name, variable]) =>
      partsOf(variable).map(
        ([part, handle]) => [`${part}/${name}`, { shape: variable.shape, data: copyOf(handle) }] as const,
      ),
    );
    return { steps: this.steps, tensors: new Map(tensors) };
  }

  /** Refuses a state of other parameters before it changes anything. */
  restoreState({ steps, tensors }: OptimizerState): void {
    const wanted = [...this.variables].flatMap(([name, variable]) =>
      partsOf(variable).map(([part, handle]) => {
        const found = tensors.get(`${part}/${name}`);
        if (found?.shape.join() !== variable.shape.join()) {
          throw new RecollectError(
            'CHECKPOINT_INVALID',
            `the training state has no ${part} of ${name} of the right size`,
          );
        }
        return { handle, ...found };
      }),
    );
    for (const { handle, shape, data } of wanted) set(handle, shape, data);
    this.steps = steps;
  }

  /** Puts earlier weights back, the kept ones too; what Adam remembers stays. */
  restore(parameters: Parameters): void {
    for (const [name, { shape, data }] of parameters) {
      const { value, average } = this.variable(name);
      for (const handle of average === null ? [value] : [value, average]) set(handle, shape, data);
    }
  }

  private variable(name: string): Variable {
    const found = this.variables.get(name);
    if (found === undefined) throw new Error(`${name} is not a parameter`);
    return found;
  }
}

function partsOf({ value, mean, square, average }: Variable): readonly (readonly [string, Tensor])[] {
  const trained = [
    ['value', value],
    ['mean', mean],
    ['square', square],
  ] as const;
  return average === null ? trained : [...trained, ['average', average]];
}
