/**
 * Slots that an event leaves as they are, since they are pinned: K[s] and V[s] stay bit for bit, and f[s] = 1 in every head. They are kept
 * from before the step and put back after it, for the few users who have some, so that neither kernel nor plain twin needs to know of them.
 * A gate of 1 gives the event a share of 0 in the slot and fades none of the others, so attribution stays exact.
 */
import type { Dimensions } from './dimensions.js';
import type { Matrix } from './matrix.js';
import { slotsOf } from './slots.js';
import type { UserState } from './user-state.js';

/** `pinned`: the slots of each user. Call what it returns when the step is made, with the step's gates [B H*S]. */
export function holdPinned(
  states: readonly UserState[],
  pinned: readonly (readonly number[])[],
  dimensions: Dimensions,
): (gates: Matrix) => void {
  const held = states.flatMap((state, user) =>
    (pinned[user] ?? [])
      .flatMap((slot) => partsOf(state, slot, dimensions))
      .map(({ gate, numbers }) => ({ user, gate, numbers, before: numbers.slice() })),
  );
  return ({ data, width }) => {
    for (const { user, gate, numbers, before } of held) {
      numbers.set(before);
      data[user * width + gate] = 1;
    }
  };
}

/** Makes a slot of one memory what it is in another one. */
export function copySlot(from: UserState, to: UserState, slot: number, dimensions: Dimensions): void {
  const parts = partsOf(to, slot, dimensions);
  partsOf(from, slot, dimensions).forEach(({ numbers }, at) => parts[at]?.numbers.set(numbers));
}

/** Keys and values of a slot, a part of d/H numbers for each head: views, with the gate that each goes by. */
function partsOf(
  state: UserState,
  slot: number,
  dimensions: Dimensions,
): readonly { readonly gate: number; readonly numbers: Float32Array }[] {
  const { heads, slots, width } = dimensions;
  const part = width / heads;
  const { keys, values } = slotsOf(state, dimensions);
  return Array.from({ length: heads }, (_, head) => head * slots + slot).flatMap((gate) =>
    [keys, values].map((all) => ({ gate, numbers: all.subarray(gate * part, (gate + 1) * part) })),
  );
}
