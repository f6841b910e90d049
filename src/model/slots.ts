/**
 * One user's memory slots: S keys and S values of width d, per user, all zeros before the first event. Each lies in H parts, one
 * of each head: head by head, slot by slot in it. Without slots both are empty.
 * They lie in the user's numbers behind the hidden states, see `user-state`.
 */
import type { Dimensions } from './dimensions.js';
import type { UserState } from './user-state.js';

export interface Slots {
  /** [H S d/H] */
  readonly keys: Float32Array;
  /** [H S d/H] */
  readonly values: Float32Array;
}

/** Views into the user's numbers, not copies: a write through them is a write to the memory. */
export function slotsOf(state: UserState, { blocks, slots, width }: Dimensions): Slots {
  const keys = blocks * width;
  const values = keys + slots * width;
  return { keys: state.numbers.subarray(keys, values), values: state.numbers.subarray(values) };
}

/** The value of one slot, the parts of its heads side by side [d]: a copy. */
export function valueOf({ values }: Slots, { heads, slots, width }: Dimensions, slot: number): Float32Array {
  const part = width / heads;
  return Float32Array.from({ length: width }, (_, at) => {
    const head = Math.floor(at / part);
    return values[(head * slots + slot) * part + (at % part)] as number;
  });
}
