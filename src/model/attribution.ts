/**
 * Which interactions the slots hold, exactly, from the write gates f_1 .. f_T of a user's interactions.
 *
 *   share of interaction t in slot s   w_t[s] = (1 - f_t[s]) * product over j > t of f_j[s]
 *   share of the read                  sum_s a[s] w_t[s]
 *
 * A slot's value is the sum of w_t[s] V(x_t). The shares of a slot add up to 1 minus what is left of the empty memory, the
 * product of all f; so a short history never claims the whole read.
 *
 * With H heads both lines hold exactly for each head, with its own f and a. Shown is their mean over the heads: each head fills
 * the same number, d/H, of the d numbers of a slot's value and of the read, so the mean over the heads is the mean, over these
 * numbers, of the factor that the interaction's mark has in them. It stays between 0 and 1, and the shares still add up to at
 * most 1. The shares of the read are averaged after they were multiplied: a head that looks away counts for little.
 * A network without slots reads nothing: every share is 0.
 */

/** w [T H S], oldest interaction first; gates[t] is f_t [H S]. */
export function slotShares(gates: readonly Float32Array[]): Float32Array[] {
  const left = new Float64Array(gates[0]?.length ?? 0).fill(1); // product of the later f
  const shares = gates.map((keep) => new Float32Array(keep.length));
  for (let t = gates.length - 1; t >= 0; t--) {
    gates[t]?.forEach((keep, slot) => {
      const later = left[slot] as number;
      (shares[t] as Float32Array)[slot] = (1 - keep) * later;
      left[slot] = later * keep;
    });
  }
  return shares;
}

/** The share of the read that came from each interaction [T], oldest first; attention is a [H S]. */
export function attribution(gates: readonly Float32Array[], attention: Float32Array, heads = 1): Float32Array {
  return Float32Array.from(
    slotShares(gates),
    (shares) => shares.reduce((sum, share, slot) => sum + share * (attention[slot] as number), 0) / heads,
  );
}

/** Mean over the heads: attention, gates or shares [H S] -> [S]. */
export function overHeads(values: Float32Array, heads: number): Float32Array {
  const slots = values.length / heads;
  return Float32Array.from({ length: slots }, (_, slot) => {
    let sum = 0;
    for (let place = slot; place < values.length; place += slots) sum += values[place] as number;
    return sum / heads;
  });
}
