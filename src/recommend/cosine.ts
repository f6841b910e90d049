/** How alike the directions of item vectors are. */

export function lengthOf(vector: Float32Array): number {
  return Math.hypot(...vector);
}

/** The cosine of each of the vectors with a direction, by their lengths. A vector of length 0 is near to nothing. */
export function cosines(
  lengths: ArrayLike<number>,
  vectorOf: (index: number) => Float32Array,
  direction: Float32Array,
): Float32Array {
  const length = lengthOf(direction);
  return Float32Array.from(lengths, (own, index) => {
    const vector = vectorOf(index);
    let dot = 0;
    for (let at = 0; at < vector.length; at += 1) dot += (vector[at] ?? 0) * (direction[at] ?? 0);
    return own === 0 || length === 0 ? 0 : dot / (own * length);
  });
}
