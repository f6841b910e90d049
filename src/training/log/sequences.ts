/**
 * The log as the trainer takes it: each user's interactions in order, without user ids, and each item's attributes.
 * The parent process writes it to a file, the child reads it: a JSON header, then little-endian numbers (200 MB for ten
 * million interactions).
 *
 *   8 bytes    "recolog2"
 *   4 bytes    length of the header
 *   header     { vocabulary: [item id], attributes: [name], kinds: [name], users, events, pairs }
 *   numbers    users: offsets i32 [users + 1], rows i32 [events], kinds i32 [events], values f32 [events],
 *              times f64 [events]; item attributes: offsets i32 [items + 2], ids i32 [pairs]
 */
import { open, type FileHandle } from 'node:fs/promises';
import { endianness } from 'node:os';
import { RecollectError } from '../../errors.js';
import { copyColumns, newColumns, type Columns } from './columns.js';

/** Lists of lists: list n is rows[offsets[n]] .. rows[offsets[n + 1] - 1]. */
export interface ItemSequences extends Pick<Columns, 'rows'> {
  readonly offsets: Int32Array;
}

/** The same with what the interactions are beside their items. */
export interface UserSequences extends ItemSequences, Columns {}

export interface ItemAttributes {
  /** by item row; row 0 is empty: length items + 2 */
  readonly offsets: Int32Array;
  /** index into the attribute names */
  readonly ids: Int32Array;
}

export interface SequenceLog {
  /** vocabulary[0] is the item of row 1 */
  readonly vocabulary: readonly string[];
  readonly attributes: readonly string[];
  readonly itemAttributes: ItemAttributes;
  readonly kinds: readonly string[];
  readonly users: UserSequences;
}

/** What an interaction is beside its item. */
export interface Circumstances {
  readonly kind?: string;
  readonly value?: number | null;
  /** milliseconds since 1970 */
  readonly occurredAt?: number;
}

export function userCount({ offsets }: ItemSequences): number {
  return offsets.length - 1;
}

/** The items of one user, oldest first: a view, not a copy. */
export function sequenceOf({ offsets, rows }: ItemSequences, user: number): Int32Array {
  return rows.subarray(offsets[user] ?? 0, offsets[user + 1] ?? 0);
}

/** Collects a log from interactions ordered by user and, for each user, by time. */
export class SequenceCollector {
  private readonly rowByItem = new Map<string, number>();
  private readonly indexByKind = new Map<string, number>();
  private readonly offsets: number[] = [0];
  private columns = newColumns(1 << 16);
  private events = 0;

  /** The next interaction of the current user. */
  add(itemId: string, { kind = 'view', value = null, occurredAt = 0 }: Circumstances = {}): void {
    let row = this.rowByItem.get(itemId);
    if (row === undefined) this.rowByItem.set(itemId, (row = this.rowByItem.size + 1));
    let index = this.indexByKind.get(kind);
    if (index === undefined) this.indexByKind.set(kind, (index = this.indexByKind.size));
    if (this.events === this.columns.rows.length) this.columns = resized(this.columns, 2 * this.events);
    const { rows, kinds, values, times } = this.columns;
    rows[this.events] = row;
    kinds[this.events] = index;
    values[this.events] = storable(value);
    times[this.events] = occurredAt;
    this.events++;
  }

  /** Ends the current user's sequence; one without interactions leaves nothing. */
  endUser(): void {
    if (this.events > (this.offsets.at(-1) ?? 0)) this.offsets.push(this.events);
  }

  /** `attributesOf` gives the attribute names of an item, in any order. */
  finish(attributesOf: (itemId: string) => readonly string[]): SequenceLog {
    this.endUser();
    const vocabulary = [...this.rowByItem.keys()];
    const indexByName = new Map<string, number>();
    const offsets = [0, 0];
    const ids: number[] = [];
    for (const itemId of vocabulary) {
      for (const name of new Set(attributesOf(itemId))) {
        let index = indexByName.get(name);
        if (index === undefined) indexByName.set(name, (index = indexByName.size));
        ids.push(index);
      }
      offsets.push(ids.length);
    }
    return {
      vocabulary,
      attributes: [...indexByName.keys()],
      itemAttributes: { offsets: Int32Array.from(offsets), ids: Int32Array.from(ids) },
      kinds: [...this.indexByKind.keys()],
      users: { offsets: Int32Array.from(this.offsets), ...resized(this.columns, this.events) },
    };
  }
}

/** A value as the column has it; one that is no number there, because it is none or too large, is as good as none. */
function storable(value: number | null): number {
  return value !== null && Number.isFinite(Math.fround(value)) ? value : Number.NaN;
}

/** Columns of this length that begin as the given ones. */
function resized(from: Columns, length: number): Columns {
  const columns = newColumns(length);
  copyColumns(from, 0, Math.min(length, from.rows.length), columns, 0);
  return columns;
}

const magic = 'recolog2';

interface Header {
  readonly vocabulary: readonly string[];
  readonly attributes: readonly string[];
  readonly kinds: readonly string[];
  readonly users: number;
  readonly events: number;
  readonly pairs: number;
}

export async function writeSequences(file: string, log: SequenceLog): Promise<void> {
  const { vocabulary, attributes, kinds, itemAttributes, users } = log;
  const sizes = { users: userCount(users), events: users.rows.length, pairs: itemAttributes.ids.length };
  const header = Buffer.from(JSON.stringify({ vocabulary, attributes, kinds, ...sizes } satisfies Header));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  await using handle = await open(file, 'w', 0o600);
  for (const part of [Buffer.from(magic), length, header]) await handle.writeFile(part);
  for (const numbers of numbersOf(log)) await handle.writeFile(bytesOf(numbers));
}

export async function readSequences(file: string): Promise<SequenceLog> {
  await using handle = await open(file, 'r');
  const start = await read(handle, file, 12);
  if (start.toString('latin1', 0, 8) !== magic) throw damaged(file, `it does not start with ${magic}`);
  const header = JSON.parse((await read(handle, file, start.readUInt32LE(8))).toString()) as Header;
  const { vocabulary, attributes, kinds, events, pairs } = header;
  const log = {
    ...{ vocabulary, attributes, kinds },
    itemAttributes: { offsets: new Int32Array(vocabulary.length + 2), ids: new Int32Array(pairs) },
    users: { offsets: new Int32Array(header.users + 1), ...newColumns(events) },
  };
  for (const numbers of numbersOf(log)) bytesOf(numbers).set(await read(handle, file, numbers.byteLength));
  return log;
}

/** In the order of the file. */
function numbersOf({ users, itemAttributes }: Pick<SequenceLog, 'users' | 'itemAttributes'>): readonly Numbers[] {
  const { offsets, rows, kinds, values, times } = users;
  return [offsets, rows, kinds, values, times, itemAttributes.offsets, itemAttributes.ids];
}

async function read(handle: FileHandle, file: string, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled);
    if (bytesRead === 0) throw damaged(file, 'it ends too early');
    filled += bytesRead;
  }
  return buffer;
}

function damaged(file: string, why: string): RecollectError {
  return new RecollectError('TRAINING_FAILED', `the training data in ${file} cannot be read: ${why}`);
}

type Numbers = Int32Array | Float32Array | Float64Array;

function bytesOf(values: Numbers): Uint8Array {
  if (endianness() !== 'LE') throw new Error('the file of training data needs a little-endian machine');
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
