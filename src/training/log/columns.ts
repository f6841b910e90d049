/** What a log has for each of its interactions, column by column. */
export interface Columns {
  /** item rows 1..items, oldest first; 0 for an item outside of the vocabulary */
  readonly rows: Int32Array;
  /** index into the names of kinds */
  readonly kinds: Int32Array;
  /** what came with the interaction: a rating, seconds, a portion; NaN for none */
  readonly values: Float32Array;
  /** milliseconds since 1970; 0 throughout where the source has an order only */
  readonly times: Float64Array;
}

export function newColumns(length: number): Columns {
  return {
    rows: new Int32Array(length),
    kinds: new Int32Array(length),
    values: new Float32Array(length),
    times: new Float64Array(length),
  };
}

/** Puts the interactions begin .. end - 1 of `from` at the place `at`. */
export function copyColumns(from: Columns, begin: number, end: number, to: Columns, at: number): void {
  to.rows.set(from.rows.subarray(begin, end), at);
  to.kinds.set(from.kinds.subarray(begin, end), at);
  to.values.set(from.values.subarray(begin, end), at);
  to.times.set(from.times.subarray(begin, end), at);
}
