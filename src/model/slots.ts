/**
 * One user's memory slots: S keys and S values of width d, per user, all zeros before the first event.
 * They lie in the user's numbers behind the hidden states, see `user-state`.
 */
import type { Dimensions } from './dimensions.js';
import type { UserState } from './user-state.js';

export interface Slots {
  /** [S d] */
  readonly keys: Float32Array;
  /** [S d] */
  readonly values: Float32Array;
}

/** Views into the user's numbers, not copies: a write through them is a write to the memory. */
export function slotsOf(state: UserState, { blocks, slots, width }: Dimensions): Slots {
  const keys = blocks * width;
  const values = keys + slots * width;
  return { keys: state.numbers.subarray(keys, values), values: state.numbers.subarray(values) };
}
