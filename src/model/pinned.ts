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
  const { heads, slots, width } = dimensions;
  const part = width / heads;
  const held = states.flatMap((state, user) => {
    const { keys, values } = slotsOf(state, dimensions);
    return (pinned[user] ?? []).flatMap((slot) =>
      Array.from({ length: heads }, (_, head) => {
        const gate = head * slots + slot;
        const places = [keys, values].map((numbers) => numbers.subarray(gate * part, (gate + 1) * part));
        return { user, gate, numbers: places.map((place) => ({ place, before: place.slice() })) };
      }),
    );
  });
  return ({ data, width: gates }) => {
    for (const { user, gate, numbers } of held) {
      for (const { place, before } of numbers) place.set(before);
      data[user * gates + gate] = 1;
    }
  };
}
