/**
 * The log as the trainer takes it: each user's items in order, without user ids, and each item's attributes. The
 * parent process writes it to a file, the child reads it: a JSON header, then little-endian 32-bit integers (40 MB
 * for ten million interactions).
 *
 *   8 bytes     "recolog1"
 *   4 bytes     length of the header
 *   header      { vocabulary: [item id], attributes: [name], users, events, pairs }
 *   integers    users: offsets [users + 1], rows [events]; item attributes: offsets [items + 2], ids [pairs]
 */
import { open, type FileHandle } from 'node:fs/promises';
import { endianness } from 'node:os';
import { RecollectError } from '../errors.js';

/** Lists of lists: list n is values[offsets[n]] .. values[offsets[n + 1] - 1]. */
export interface UserSequences {
  readonly offsets: Int32Array;
  /** item rows 1..items, oldest first; 0 for an item outside of the vocabulary */
  readonly rows: Int32Array;
}

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
  readonly users: UserSequences;
}

export function userCount({ offsets }: UserSequences): number {
  return offsets.length - 1;
}

/** The items of one user, oldest first: a view, not a copy. */
export function sequenceOf({ offsets, rows }: UserSequences, user: number): Int32Array {
  return rows.subarray(offsets[user] ?? 0, offsets[user + 1] ?? 0);
}

/** Collects a log from interactions ordered by user and, for each user, by time. */
export class SequenceCollector {
  private readonly rowByItem = new Map<string, number>();
  private readonly offsets: number[] = [0];
  private rows = new Int32Array(1 << 16);
  private events = 0;

  /** The next interaction of the current user. */
  add(itemId: string): void {
    let row = this.rowByItem.get(itemId);
    if (row === undefined) this.rowByItem.set(itemId, (row = this.rowByItem.size + 1));
    if (this.events === this.rows.length) {
      const larger = new Int32Array(2 * this.rows.length);
      larger.set(this.rows);
      this.rows = larger;
    }
    this.rows[this.events++] = row;
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
      users: { offsets: Int32Array.from(this.offsets), rows: this.rows.slice(0, this.events) },
    };
  }
}

const magic = 'recolog1';

interface Header {
  readonly vocabulary: readonly string[];
  readonly attributes: readonly string[];
  readonly users: number;
  readonly events: number;
  readonly pairs: number;
}

export async function writeSequences(file: string, log: SequenceLog): Promise<void> {
  const { vocabulary, attributes, itemAttributes, users } = log;
  const sizes = { users: userCount(users), events: users.rows.length, pairs: itemAttributes.ids.length };
  const header = Buffer.from(JSON.stringify({ vocabulary, attributes, ...sizes } satisfies Header));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  await using handle = await open(file, 'w', 0o600);
  for (const part of [Buffer.from(magic), length, header]) await handle.writeFile(part);
  for (const values of [users.offsets, users.rows, itemAttributes.offsets, itemAttributes.ids]) {
    await handle.writeFile(bytesOf(values));
  }
}

export async function readSequences(file: string): Promise<SequenceLog> {
  await using handle = await open(file, 'r');
  const start = await read(handle, file, 12);
  if (start.toString('latin1', 0, 8) !== magic) throw damaged(file, `it does not start with ${magic}`);
  const header = JSON.parse((await read(handle, file, start.readUInt32LE(8))).toString()) as Header;
  const integers = async (count: number) => {
    const values = new Int32Array(count);
    bytesOf(values).set(await read(handle, file, 4 * count));
    return values;
  };
  const users = { offsets: await integers(header.users + 1), rows: await integers(header.events) };
  const itemAttributes = { offsets: await integers(header.vocabulary.length + 2), ids: await integers(header.pairs) };
  return { vocabulary: header.vocabulary, attributes: header.attributes, itemAttributes, users };
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

function bytesOf(values: Int32Array): Uint8Array {
  if (endianness() !== 'LE') throw new Error('the file of training data needs a little-endian machine');
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
