/**
 * Arrays in the binary form of Postgres: pg sends a Buffer as it is, so that neither side writes or parses text.
 *
 *   dimensions (0 for an empty array, else 1), whether it has nulls, type of the elements, their count, lower bound
 *   each element: its length in bytes (-1: null) and the bytes
 */
const year2000 = Date.UTC(2000, 0, 1);
const dayMs = 86_400_000;
const headerBytes = 20;

type Write<T> = (bytes: Buffer, at: number, value: T) => number;

/** `bound`: the most bytes that a value takes; `write` returns how many it took. */
function arrayOf<T>(type: number, values: readonly (T | null)[], bound: (value: T) => number, write: Write<T>): Buffer {
  const most = values.reduce((sum, value) => sum + 4 + (value === null ? 0 : bound(value)), headerBytes);
  const bytes = Buffer.allocUnsafe(most);
  const isEmpty = values.length === 0;
  [isEmpty ? 0 : 1, values.includes(null) ? 1 : 0, type, values.length, 1].forEach((part, at) =>
    bytes.writeInt32BE(part, 4 * at),
  );
  if (isEmpty) return bytes.subarray(0, 12);
  let at = headerBytes;
  for (const value of values) {
    const length = value === null ? -1 : write(bytes, at + 4, value);
    bytes.writeInt32BE(length, at);
    at += 4 + Math.max(0, length);
  }
  return bytes.subarray(0, at);
}

const eight = (): number => 8;

function writeInt64(bytes: Buffer, at: number, value: number): number {
  const high = Math.floor(value / 2 ** 32);
  bytes.writeInt32BE(high, at);
  bytes.writeUInt32BE(value - high * 2 ** 32, at + 4);
  return 8;
}

/** text[] */
export function textArray(values: readonly (string | null)[]): Buffer {
  return arrayOf(
    25,
    values,
    (value) => 3 * value.length,
    (bytes, at, value) => bytes.write(value, at),
  );
}

/** bigint[] of whole numbers that a double holds exactly */
export function bigintArray(values: readonly (number | null)[]): Buffer {
  return arrayOf(20, values, eight, writeInt64);
}

/** float8[] */
export function floatArray(values: readonly (number | null)[]): Buffer {
  return arrayOf(701, values, eight, (bytes, at, value) => bytes.writeDoubleBE(value, at) - at);
}

/** timestamptz[] of milliseconds since 1970 */
export function instantArray(values: readonly (number | null)[]): Buffer {
  return arrayOf(1184, values, eight, (bytes, at, value) => writeInt64(bytes, at, (value - year2000) * 1000));
}

/** date[], the days (UTC) of milliseconds since 1970 */
export function dayArray(values: readonly number[]): Buffer {
  return arrayOf(
    1082,
    values,
    () => 4,
    (bytes, at, value) => bytes.writeInt32BE(Math.floor((value - year2000) / dayMs), at) - at,
  );
}

/** jsonb[] of JSON texts; each begins with the number of its version */
export function jsonArray(values: readonly (string | null)[]): Buffer {
  return arrayOf(
    3802,
    values,
    (value) => 1 + 3 * value.length,
    (bytes, at, value) => {
      bytes[at] = 1;
      return 1 + bytes.write(value, at + 1);
    },
  );
}
