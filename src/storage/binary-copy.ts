/**
 * Rows on their way into a table by COPY in its binary form: a header, then for each row the count of its fields (16 bits) and each
 * field's length in bytes (32 bits, -1: null) before its bytes, then -1. Their order is kept. Until it ends nothing else may be asked of the connection.
 */
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import type { PoolClient } from 'pg';
import { from as copyFrom, type CopyStreamQuery } from 'pg-copy-streams';
import type { EntityManager } from 'typeorm';

const chunkBytes = 64 * 1024;
const year2000 = Date.UTC(2000, 0, 1);

export class BinaryCopy {
  private bytes = Buffer.allocUnsafeSlow(2 * chunkBytes);
  private length = 0;
  private readonly ended: Promise<void>;

  private constructor(
    private readonly stream: CopyStreamQuery,
    private readonly fields: number,
  ) {
    this.ended = finished(stream);
    this.ended.catch(() => undefined); // thrown where the next rows are sent, or at the end
    this.length = this.bytes.write('PGCOPY\n\xff\r\n\0', 'latin1');
    this.int32(0); // flags
    this.int32(0); // length of the header's extension
  }

  /** `tx`: of a transaction. */
  static async start(tx: EntityManager, table: string, columns: readonly string[]): Promise<BinaryCopy> {
    if (tx.queryRunner === undefined) throw new Error('a copy belongs to a transaction');
    const client = (await tx.queryRunner.connect()) as PoolClient;
    const statement = `COPY ${table} (${columns.join(', ')}) FROM STDIN (FORMAT binary)`;
    return new BinaryCopy(client.query(copyFrom(statement)), columns.length);
  }

  /** Whether there is enough to be sent. */
  get isFull(): boolean {
    return this.length >= chunkBytes;
  }

  /** Sends the rows so far, and waits while Postgres has more than it can take. */
  async send(): Promise<void> {
    const bytes = this.bytes.subarray(0, this.length);
    this.bytes = Buffer.allocUnsafeSlow(2 * chunkBytes); // what is sent is the stream's
    this.length = 0;
    if (!this.stream.write(bytes)) await Promise.race([once(this.stream, 'drain'), this.ended]);
  }

  async end(): Promise<void> {
    this.room(2);
    this.length = this.bytes.writeInt16BE(-1, this.length);
    await this.send();
    this.stream.end();
    await this.ended;
  }

  /** Ends the copy without a row of it. */
  async abandon(): Promise<void> {
    this.stream.destroy(new Error('the copy is abandoned'));
    await this.ended.catch(() => undefined);
  }

  /** Begins a row: a call for each of its fields follows. */
  row(): void {
    this.room(2);
    this.length = this.bytes.writeInt16BE(this.fields, this.length);
  }

  null(): void {
    this.int32(-1);
  }

  text(value: string | null): void {
    if (value === null) {
      this.null();
      return;
    }
    this.room(4 + 3 * value.length);
    this.putText(value, this.length, this.length + 4);
  }

  /** jsonb begins with the number of its version. */
  json(value: object | null): void {
    if (value === null) {
      this.null();
      return;
    }
    const text = JSON.stringify(value);
    this.room(5 + 3 * text.length);
    this.bytes[this.length + 4] = 1;
    this.putText(text, this.length, this.length + 5);
  }

  /** bytea */
  binary(value: Uint8Array): void {
    this.int32(value.length);
    this.room(value.length);
    this.bytes.set(value, this.length);
    this.length += value.length;
  }

  float(value: number | null): void {
    if (value === null) {
      this.null();
      return;
    }
    this.int32(8);
    this.room(8);
    this.length = this.bytes.writeDoubleBE(value, this.length);
  }

  integer(value: number): void {
    this.int32(4);
    this.int32(value);
  }

  /** A whole number that a double holds exactly. */
  bigint(value: number): void {
    const high = Math.floor(value / 2 ** 32);
    this.int32(8);
    this.int32(high);
    this.room(4);
    this.length = this.bytes.writeUInt32BE(value - high * 2 ** 32, this.length);
  }

  /** timestamptz, of milliseconds since 1970: microseconds since 2000 */
  instant(ms: number | null): void {
    if (ms === null) this.null();
    else this.bigint((ms - year2000) * 1000);
  }

  /** The text from `start` on, and its length, with what stands before it, at `place`. */
  private putText(value: string, place: number, start: number): void {
    const { bytes } = this;
    let at = 0;
    // ids are short and mostly ASCII: a loop is faster than a call of the engine
    for (; at < value.length; at++) {
      const code = value.charCodeAt(at);
      if (code > 127) break;
      bytes[start + at] = code;
    }
    const end = at === value.length ? start + at : start + bytes.write(value, start);
    bytes.writeInt32BE(end - place - 4, place);
    this.length = end;
  }

  private int32(value: number): void {
    this.room(4);
    this.length = this.bytes.writeInt32BE(value, this.length);
  }

  private room(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * this.bytes.length + count);
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }
}
