/**
 * The step of up to B users in WebAssembly SIMD, see `assembly/step`: weights are laid out once in a memory of their own; states are
 * copied in, stepped and copied out. And the greater part of a read, what joins a block's or the read's result with what went into it.
 */
import type { Dimensions } from '../dimensions.js';
import { stateSize } from '../dimensions.js';
import type { Affine, Matrix, Norm } from '../matrix.js';
import type { Residual } from '../residual.js';
import type { UserState } from '../user-state.js';
import type { Weights } from '../weights.js';
import { instantiateStep, pageBytes, type StepKernels } from './module.js';

const panel = 16;

export class StepKernel {
  private readonly kernels: StepKernels;
  private readonly numbers: Float32Array;
  private readonly stateSize: number;
  private readonly plan: number;
  /** of each block and of the read, where in the plan its `residual` begins */
  private readonly residuals: readonly number[];
  private readonly x: number;
  private readonly states: number;
  private readonly keep: number;
  private readonly work: number;

  constructor(
    private readonly dimensions: Dimensions,
    weights: Weights,
    usersAtOnce: number,
  ) {
    const { width, heads, slots } = dimensions;
    this.stateSize = stateSize(dimensions);
    const arrays = arraysOf(weights);
    let end = pageBytes;
    const place = (count: number): number => {
      const start = end;
      end = (end + 4 * count + 15) & ~15;
      return start;
    };
    const places = arrays.map((array) => place(array.length));
    this.plan = place(places.length);
    const residuals = [...weights.blocks.map(({ residual }) => residual), weights.join];
    this.residuals = residuals.map(({ norm1 }) => this.plan + 4 * arrays.indexOf(norm1.gain)); // what it begins with
    this.x = place(usersAtOnce * width);
    this.states = place(usersAtOnce * this.stateSize);
    this.keep = place(usersAtOnce * heads * slots);
    this.work = place(10 * (usersAtOnce * width + 4)); // z, y, [z, h] or key and value, gates, the FFN's inside
    const { buffer, kernels } = instantiateStep(end);
    this.kernels = kernels;
    this.numbers = new Float32Array(buffer);
    arrays.forEach((array, at) => {
      this.numbers.set(array, (places[at] as number) / 4);
    });
    new Uint32Array(buffer).set(places, this.plan / 4);
  }

  /** Where E' + C + G of each user goes before a step [B d]. */
  input(users: number): Float32Array {
    return this.numbers.subarray(this.x / 4, this.x / 4 + users * this.dimensions.width);
  }

  /** Copies states in, to be stepped here; `release` brings what became of them back. */
  hold(states: readonly UserState[]): void {
    states.forEach(({ numbers }, user) => {
      this.numbers.set(numbers, this.states / 4 + user * this.stateSize);
    });
  }

  release(states: readonly UserState[]): void {
    states.forEach(({ numbers }, user) => {
      const from = this.states / 4 + user * this.stateSize;
      numbers.set(this.numbers.subarray(from, from + this.stateSize));
    });
  }

  /** Steps the first of the states that are held, `round` to halves or not; returns the gates [B H*S], which hold until the next step. */
  step(users: number, round: boolean): Matrix {
    const { width, blocks, heads, slots } = this.dimensions;
    const { plan, x, states, keep, work } = this;
    this.kernels.step(users, width, blocks, heads, slots, round ? 1 : 0, plan, x, states, keep, work);
    const gates = heads * slots;
    return { rows: users, width: gates, data: this.numbers.subarray(keep / 4, keep / 4 + users * gates) };
  }

  /** `residual` of one user after a block, by its number, or after the read: of z [1 d] and y [1 d]. */
  join(after: number | 'read', z: Matrix, y: Matrix): Matrix {
    const { width } = this.dimensions;
    const array = (4 * width + 15) & ~15;
    const [first, second, inner] = [this.work, this.work + array, this.work + 2 * array] as const;
    this.numbers.set(z.data, first / 4);
    this.numbers.set(y.data, second / 4);
    const plan = this.residuals.at(after === 'read' ? -1 : after);
    if (plan === undefined) throw new Error(`unreachable: there is no block ${after}`);
    this.kernels.join(width, plan, first, second, inner);
    return { rows: 1, width, data: this.numbers.slice(first / 4, first / 4 + width) };
  }
}

/** The weights in the order in which the step uses them, then those that the end of a read does. */
function arraysOf({ inputNorm, blocks, memory, join }: Weights): readonly Float32Array[] {
  const norm = ({ gain, bias }: Norm): readonly Float32Array[] => [gain, bias];
  const residual = ({ norm1, up, down, norm2 }: Residual): readonly (readonly Float32Array[])[] => [
    norm(norm1),
    inPanels(up),
    inPanels(down),
    norm(norm2),
  ];
  const parts = [
    norm(inputNorm),
    ...blocks.flatMap((block) => [inPanels(block.gates), inPanels(block.candidate), ...residual(block.residual)]),
    ...(memory === null ? [] : [memory.write.gate, memory.write.key, memory.write.value].map(inPanels)),
    ...residual(join),
  ];
  return parts.flat();
}

/** W as [outputs / 16][inputs][16] and b, both filled up with zeros. */
function inPanels({ inputs, outputs, weights, bias }: Affine): readonly Float32Array[] {
  const filled = Math.ceil(outputs / panel) * panel;
  const panels = new Float32Array(filled * inputs);
  for (let output = 0; output < outputs; output++) {
    const first = (output - (output % panel)) * inputs + (output % panel);
    for (let input = 0; input < inputs; input++) {
      panels[first + input * panel] = weights[output * inputs + input] as number;
    }
  }
  const filledBias = new Float32Array(filled);
  filledBias.set(bias);
  return [panels, filledBias];
}
