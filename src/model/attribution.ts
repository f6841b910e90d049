/**
 * Which interactions the slots hold, exactly, from the write gates f_1 .. f_T of a user's interactions.
 *
 *   share of interaction t in slot s   w_t[s] = (1 - f_t[s]) * product over j > t of f_j[s]
 *   share of the read                  sum_s a[s] w_t[s]
 *
 * A slot's value is the sum of w_t[s] V(x_t). The shares of a slot add up to 1 minus what is left of the empty memory, the
 * product of all f; so a short history never claims the whole read.
 */

/** w [T S], oldest interaction first; gates[t] is f_t [S]. */
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

/** The share of the read that came from each interaction [T], oldest first. */
export function attribution(gates: readonly Float32Array[], attention: Float32Array): Float32Array {
  return Float32Array.from(slotShares(gates), (shares) =>
    shares.reduce((sum, share, slot) => sum + share * (attention[slot] as number), 0),
  );
}
