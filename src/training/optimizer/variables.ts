/** Numbers that live in TensorFlow and are changed in place: resource variables, named by their handles. */
import { operation, operations, tf, type Tensor } from '../backend.js';

export const assign = operations('AssignVariableOp', { dtype: 'float' }, 0);
/** Shares the variable's memory: while it lives, a change has to copy. */
export const readVariable = operation('ReadVariableOp', { dtype: 'float' });

let created = 0;

/** Lives until the process ends. */
export function variable(name: string, shape: readonly number[], values: Float32Array): Tensor {
  const handle = operation('VarHandleOp', {
    container: { text: '' },
    shared_name: { text: `${name}#${created++}` },
    dtype: 'float',
    shape,
  })();
  set(handle, shape, values);
  return handle;
}

/**
 * Multiplying by one copies, to the last bit: a tensor made of an array shares its memory, and Adam would change the caller's
 * numbers.
 */
export function set(handle: Tensor, shape: readonly number[], values: Float32Array): void {
  tf.tidy(() => {
    assign(handle, tf.mul(tf.tensor(values, [...shape]), 1));
  });
}

export function copyOf(handle: Tensor): Float32Array {
  const value = readVariable(handle);
  const data = new Float32Array(value.dataSync());
  value.dispose();
  return data;
}
