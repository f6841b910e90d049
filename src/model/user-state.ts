/**
 * What is remembered of one user.
 *
 *   numbers   hidden state of each block [L d], then keys [H S d/H], then values [H S d/H]; always halves, see `half`
 *   recent    rows of the last 10 items, newest first; 0 stands for none and for an item unknown to the model
 *   context   kind and gap bucket of the last event, each only in a network that has vectors for it: a query needs them for x
 *
 * Stored as the numbers in half precision, then the rows and the context as 32-bit integers, all little-endian. The numbers are rounded after
 * every event, so that storing loses nothing and a memory does not tell where its batches began.
 */
import { crc32 } from 'node:zlib';
import { RecollectError } from '../errors.js';
import { contextSize, recentItems, stateBytes, stateSize } from './dimensions.js';
import type { Dimensions } from './dimensions.js';
import type { EventContext } from './events.js';
import { decodeHalves, encodeHalves } from './half.js';

/** Raised with every change of a step that leaves other bits; number 0 summed in f64. */
const arithmetic = 1;

export interface UserState {
  readonly numbers: Float32Array;
  readonly recent: Int32Array;
  readonly context: Int32Array;
}

/** The memory of a user without interactions. `numbers`: zeros, where those of the state go. */
export function emptyState(
  dimensions: Dimensions,
  numbers: Float32Array = new Float32Array(stateSize(dimensions)),
): UserState {
  return {
    numbers,
    recent: new Int32Array(recentItems),
    context: new Int32Array(contextSize(dimensions)),
  };
}

/** Another user's memory that is the same so far. */
export function copyOf({ numbers, recent, context }: UserState): UserState {
  return { numbers: numbers.slice(), recent: recent.slice(), context: context.slice() };
}

/** The hidden state of a block [d]: a view, not a copy. */
export function hiddenOf(state: UserState, { width }: Dimensions, block: number): Float32Array {
  return state.numbers.subarray(block * width, (block + 1) * width);
}

/** Puts a row at the front of the last items; `context` is the event's, as long as the state's. */
export function remember(state: UserState, row: number, context: readonly number[] = []): void {
  state.recent.copyWithin(1, 0);
  state.recent[0] = row;
  state.context.set(context);
}

/** The last event's kind and gap bucket, as an embedding takes them. */
export function contextOf({ context }: UserState, { kinds, gaps }: Dimensions): EventContext {
  return {
    kinds: kinds > 0 ? context.subarray(0, 1) : undefined,
    gaps: gaps > 0 ? context.subarray(context.length - 1) : undefined,
  };
}

export function encodeState(state: UserState): Buffer {
  const bytes = Buffer.allocUnsafeSlow(encodedBytes(state));
  encodeInto(state, bytes);
  return bytes;
}

/** The same of many, all of one size, side by side in one buffer of `room`: whoever keeps one of them keeps them all. */
export function encodeStates(
  states: readonly UserState[],
  room: (count: number) => Buffer = (count) => Buffer.allocUnsafeSlow(count),
): readonly Buffer[] {
  const [first] = states;
  if (first === undefined) return [];
  const size = encodedBytes(first);
  const all = room(states.length * size);
  return states.map((state, at) => {
    const bytes = all.subarray(at * size, (at + 1) * size);
    encodeInto(state, bytes);
    return bytes;
  });
}

function encodedBytes({ numbers, recent, context }: UserState): number {
  return 2 * numbers.length + 4 * (recent.length + context.length);
}

function encodeInto({ numbers, recent, context }: UserState, bytes: Buffer): void {
  const halves = 2 * numbers.length;
  encodeHalves(numbers, bytes);
  for (let at = 0; at < recent.length; at++) bytes.writeInt32LE(recent[at] as number, halves + 4 * at);
  const rest = halves + 4 * recent.length;
  for (let at = 0; at < context.length; at++) bytes.writeInt32LE(context[at] as number, rest + 4 * at);
}

/**
 * The CRC-32 of a stored state, begun from the number of the arithmetic: bytes of another arithmetic do not fit theirs, like damaged
 * ones, and no memory is ever made of two.
 */
export function checksumOf(bytes: Uint8Array): number {
  return crc32(bytes, arithmetic);
}

/** Whether these bytes are whole, but of an arithmetic before this one. */
export function isOfEarlierArithmetic(bytes: Uint8Array, checksum: number): boolean {
  return Array.from({ length: arithmetic }, (_, earlier) => crc32(bytes, earlier)).includes(checksum);
}

/** Throws STATE_INVALID for bytes that no step of a network of these sizes can have left. `numbers`: where those of the state go. */
export function decodeState(
  dimensions: Dimensions,
  bytes: Uint8Array,
  numbers: Float32Array = new Float32Array(stateSize(dimensions)),
): UserState {
  if (bytes.length !== stateBytes(dimensions)) {
    throw invalid(`it has ${bytes.length} bytes, a network of these sizes keeps ${stateBytes(dimensions)}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  decodeHalves(bytes, numbers);
  for (let at = 0; at < numbers.length; at++) {
    if (!Number.isFinite(numbers[at])) throw invalid(`number ${at} is not finite`);
  }
  const recent = new Int32Array(recentItems);
  for (let at = 0; at < recentItems; at++) {
    const row = view.getInt32(2 * numbers.length + 4 * at, true);
    if (row < 0 || row > dimensions.items) throw invalid(`item ${at} has row ${row} of ${dimensions.items}`);
    recent[at] = row;
  }
  const { kinds, gaps } = dimensions;
  const sizes = [...(kinds > 0 ? [kinds] : []), ...(gaps > 0 ? [gaps] : [])];
  const context = Int32Array.from(sizes, (size, at) => {
    const index = view.getInt32(2 * numbers.length + 4 * (recentItems + at), true);
    if (index < 0 || index > size) throw invalid(`the last event has kind or gap ${index} of ${size}`);
    return index;
  });
  return { numbers, recent, context };
}

function invalid(what: string): RecollectError {
  return new RecollectError(
    'STATE_INVALID',
    `a stored memory is damaged or belongs to another model: ${what}; rebuild the memories from the log`,
  );
}
