/**
 * The native TensorFlow library, loaded in the trainer's child process alone: this is the only file that imports it,
 * and importing this file loads it (850 MB, a second).
 *
 * Besides the usual `tf` it gives raw operations: TensorFlow has fast ones that TensorFlow.js does not know (a whole
 * GRU step, Adam in place, bags of embeddings). `operation` makes a function of one; the tensors it returns are known
 * to `tf.tidy` and `tf.memory()`, but not to the gradient tape: use it inside `withGradient`, which brings its own
 * gradient.
 */
import util from 'node:util';
import type * as TensorFlow from '@tensorflow/tfjs-node';
import { RecollectError } from '../errors.js';
import type { DeviceChoice } from './training-job.js';

/** Two helpers that the package calls and that Node dropped in version 23. */
Object.assign(util, {
  isNullOrUndefined: (value: unknown) => value === null || value === undefined,
  isArray: (value: unknown) => Array.isArray(value),
});

// a CommonJS package: its exports are the default one
const loaded: unknown = await import('@tensorflow/tfjs-node');
export const tf = (loaded as { readonly default: typeof TensorFlow }).default;
export type Tensor = TensorFlow.Tensor;
type Vector = TensorFlow.Tensor1D;

interface EncodedAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: number | boolean | number[] | string;
}

/**
 * The part of tfjs-node's backend that is used here. The binding's capital names are numbers of TensorFlow's C
 * interface.
 */
interface NativeBackend {
  readonly isUsingGpuDevice: boolean;
  readonly binding: Readonly<
    Record<`TF_ATTR_${'TYPE' | 'BOOL' | 'INT' | 'STRING' | 'SHAPE'}` | `TF_${'FLOAT' | 'INT32' | 'INT64'}`, number>
  > & { readonly TF_Version: string };
  executeSingleOutput(name: string, attributes: EncodedAttribute[], inputs: Tensor[]): Tensor;
  executeMultipleOutputs(name: string, attributes: EncodedAttribute[], inputs: Tensor[], outputs: number): Tensor[];
}

const backend = tf.backend() as unknown as NativeBackend;
const { binding } = backend;

/**
 * What computes, in words; `gpu` is refused at once where the library has none, rather than trained on the CPU
 * unasked.
 */
export function deviceReport(choice: DeviceChoice): string {
  if (choice === 'gpu' && !backend.isUsingGpuDevice) {
    throw new RecollectError(
      'TRAINING_BACKEND_UNAVAILABLE',
      'RECOLLECT_TRAIN_DEVICE is gpu, but the TensorFlow library of this installation computes on the CPU only; ' +
        'set it to auto or cpu',
    );
  }
  const threads = process.env.TF_NUM_INTRAOP_THREADS ?? 'all';
  return `${backend.isUsingGpuDevice ? 'GPU' : `CPU, ${threads} threads`}, TensorFlow ${binding.TF_Version}`;
}

/** An attribute of an operation: an element type, a switch, a count, a text, or the shape of a variable. */
type Attribute = 'float' | 'int' | 'long' | boolean | number | { readonly text: string } | readonly number[];

function encode(name: string, value: Attribute): EncodedAttribute {
  if (value === 'float') return { name, type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT };
  if (value === 'int') return { name, type: binding.TF_ATTR_TYPE, value: binding.TF_INT32 };
  if (value === 'long') return { name, type: binding.TF_ATTR_TYPE, value: binding.TF_INT64 };
  if (typeof value === 'boolean') return { name, type: binding.TF_ATTR_BOOL, value };
  if (typeof value === 'number') return { name, type: binding.TF_ATTR_INT, value };
  if ('text' in value) return { name, type: binding.TF_ATTR_STRING, value: value.text };
  return { name, type: binding.TF_ATTR_SHAPE, value: [...value] };
}

function encodeAll(attributes: Readonly<Record<string, Attribute>>) {
  return Object.entries(attributes).map(([name, value]) => encode(name, value));
}

/** A TensorFlow operation with one output, as a function of its input tensors. */
export function operation(name: string, attributes: Readonly<Record<string, Attribute>> = { T: 'float' }) {
  const encoded = encodeAll(attributes);
  return (...inputs: readonly Tensor[]): Tensor => backend.executeSingleOutput(name, encoded, [...inputs]);
}

/** The same with any number of outputs, none included. */
export function operations(name: string, attributes: Readonly<Record<string, Attribute>>, outputs: number) {
  const encoded = encodeAll(attributes);
  return (...inputs: readonly Tensor[]): Tensor[] =>
    backend.executeMultipleOutputs(name, encoded, [...inputs], outputs);
}

const products = [false, true].map((first) =>
  [false, true].map((second) => operation('MatMul', { T: 'float', transpose_a: first, transpose_b: second })),
);

/** Product of two matrices, either of them transposed on the way; spares the reshaping that `tf.matMul` does. */
export function multiply(
  a: Tensor,
  b: Tensor,
  transposed: { readonly a?: boolean; readonly b?: boolean } = {},
): Tensor {
  const product = products[transposed.a ? 1 : 0]?.[transposed.b ? 1 : 0];
  if (product === undefined) throw new Error('unreachable: every pair of switches has its product');
  return product(a, b);
}

/**
 * Computes in a tidy scope and reads the numbers. A scope that returned the array would search it for tensors, number
 * by number.
 */
export function read(compute: () => Tensor): Float32Array {
  const result = tf.tidy(compute);
  const numbers = result.dataSync();
  result.dispose();
  return numbers as Float32Array;
}

/**
 * What a function with its own gradient gives: its value, the tensors that the gradient will need, and the gradient
 * of each input.
 */
export interface WithGradient<Kept extends readonly Tensor[]> {
  readonly value: Tensor;
  readonly keep: Kept;
  readonly gradient: (outer: Tensor, kept: Kept) => Tensor[];
}

/**
 * Puts a hand-written function on the gradient tape. Whatever `gradient` reads must come from `keep` or live outside
 * of the tape's scope: all else that `forward` made, and its inputs, are disposed by then.
 */
export function withGradient<const Kept extends readonly Tensor[]>(
  inputs: readonly Tensor[],
  forward: () => WithGradient<Kept>,
): Tensor {
  const run = tf.customGrad((...all) => {
    const save = all.at(-1) as TensorFlow.GradSaveFunc;
    const { value, keep, gradient } = forward();
    save([...keep]);
    return { value, gradFunc: (outer: Tensor, kept: Tensor[]) => gradient(outer, kept as unknown as Kept) };
  });
  return run(...inputs);
}

/** Rows of a matrix by their numbers, and its counterpart: the sum of the rows of each number. */
export function gatherRows(table: Tensor, rows: Tensor): Tensor {
  return tf.gather(table, rows);
}

export function sumByRow(values: Tensor, rows: Tensor, count: number): Tensor {
  return tf.unsortedSegmentSum(values, rows as Vector, count);
}

const toLong = operation('Cast', { SrcT: 'int', DstT: 'long', Truncate: false });

/**
 * 64-bit integers, which TensorFlow.js cannot make, for operations that want a shape. It warns of reading them;
 * nobody does.
 */
export function longs(values: readonly number[]): Tensor {
  const { warn } = console;
  try {
    console.warn = () => undefined;
    return tf.tidy(() => toLong(tf.tensor1d([...values], 'int32')));
  } finally {
    console.warn = warn;
  }
}
