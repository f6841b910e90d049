/**
 * TensorBoard's event files, written here because no kept npm package does: TFRecord frames around protobuf messages.
 *
 *   frame      u64 length, u32 masked crc of it, the message, u32 masked crc of it; little-endian
 *   crc        CRC-32C (Castagnoli), masked as ((crc >> 15 | crc << 17) + 0xa282ead8) mod 2^32
 *   Event      1: wall_time double, seconds   2: step varint   3: file_version string   5: summary   7: session_log
 *   Summary    1: value { 1: tag string, 2: simple_value float }
 *   SessionLog 1: status varint, 1 is START: what other files of the folder hold from this step on counts no more
 *
 * By tensorflow/core/util/event.proto, framework/summary.proto and lib/io/record_writer.
 */
const castagnoli = 0x82f63b78;

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ castagnoli : crc >>> 1;
  return crc;
});

export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] ?? 0);
  return ~crc >>> 0;
}

export function frame(message: Uint8Array): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(message.length));
  return Buffer.concat([length, maskedCrc(length), message, maskedCrc(message)]);
}

/** The first event of a file. */
export function versionEvent(seconds: number): Buffer {
  return Buffer.concat([double(1, seconds), bytes(3, Buffer.from('brain.Event:2'))]);
}

/** The training goes on from this step. */
export function startEvent(seconds: number, step: number): Buffer {
  return Buffer.concat([double(1, seconds), number(2, step), bytes(7, number(1, 1))]);
}

export function scalarEvent(seconds: number, step: number, scalars: Readonly<Record<string, number>>): Buffer {
  const values = Object.entries(scalars).map(([tag, value]) =>
    bytes(1, Buffer.concat([bytes(1, Buffer.from(tag)), float(2, value)])),
  );
  return Buffer.concat([double(1, seconds), number(2, step), bytes(5, Buffer.concat(values))]);
}

function maskedCrc(data: Uint8Array): Buffer {
  const crc = crc32c(data);
  const masked = Buffer.alloc(4);
  masked.writeUInt32LE((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0);
  return masked;
}

function double(field: number, value: number): Buffer {
  const encoded = Buffer.alloc(9);
  encoded[0] = (field << 3) | 1;
  encoded.writeDoubleLE(value, 1);
  return encoded;
}

function float(field: number, value: number): Buffer {
  const encoded = Buffer.alloc(5);
  encoded[0] = (field << 3) | 5;
  encoded.writeFloatLE(value, 1);
  return encoded;
}

function number(field: number, value: number): Buffer {
  return Buffer.from([field << 3, ...varint(value)]);
}

function bytes(field: number, value: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([(field << 3) | 2, ...varint(value.length)]), value]);
}

/** Seven bits a byte, the lowest first; the high bit says that more follow. */
function varint(value: number): number[] {
  const encoded: number[] = [];
  let rest = value;
  while (rest >= 128) {
    encoded.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return [...encoded, rest];
}
