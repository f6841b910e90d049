/**
 * The safetensors format, by its published specification (github.com/huggingface/safetensors):
 *
 *   8 bytes    n, the length of the header, unsigned and little-endian
 *   n bytes    the header: JSON in UTF-8 that begins with "{" and may end in spaces,
 *              {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [from, to]}, ..., "__metadata__": {"text": "text"}}
 *   the rest   the tensors' numbers, row-major and little-endian; offsets count from here, and together the tensors cover every
 *              byte once: no overlap and no hole
 *
 * Of the element types F32 and I32 alone are used here. The header is padded with spaces to a multiple of 8, so that the
 * numbers lie aligned. Beyond the format, a number that is not finite is refused: no weight of a network may be one.
 * Written and read by typed arrays, which are little-endian on every processor that the product runs on.
 */
import { RecollectError } from '../errors.js';

export interface Tensor {
  readonly shape: readonly number[];
  /** row-major */
  readonly data: Float32Array | Int32Array;
}

export interface TensorFile {
  readonly metadata: ReadonlyMap<string, string>;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

interface Place {
  readonly name: string;
  readonly dtype: 'F32' | 'I32';
  readonly shape: readonly number[];
  readonly from: number;
  readonly to: number;
}

const lengthBytes = 8;
const alignment = 8;
const elementBytes = 4;
/** the limit of the format's own reader */
const maxHeaderBytes = 100_000_000;

export function invalidCheckpoint(what: string, cause?: unknown): RecollectError {
  return new RecollectError(
    'CHECKPOINT_INVALID',
    `the checkpoint is damaged or of another format: ${what}; load it again from where it came, or train again`,
    { cause },
  );
}

export function encodeTensors({ metadata, tensors }: TensorFile): Uint8Array {
  const header: [string, unknown][] = [['__metadata__', Object.fromEntries(metadata)]];
  let size = 0;
  for (const [name, { shape, data }] of tensors) {
    const dtype = data instanceof Float32Array ? 'F32' : 'I32';
    header.push([name, { dtype, shape, data_offsets: [size, size + data.byteLength] }]);
    size += data.byteLength;
  }
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const headerBytes = Math.ceil(text.length / alignment) * alignment;
  if (headerBytes > maxHeaderBytes) throw invalidCheckpoint(`its header would have ${headerBytes} bytes`);
  const bytes = new Uint8Array(lengthBytes + headerBytes + size);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true);
  bytes.fill(0x20, lengthBytes, lengthBytes + headerBytes);
  bytes.set(text, lengthBytes);
  let at = lengthBytes + headerBytes;
  for (const { data } of tensors.values()) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/** Reads the tensors into arrays of their own: the bytes may change afterwards. */
export function decodeTensors(bytes: Uint8Array): TensorFile {
  const header = readHeader(bytes);
  const body = bytes.subarray(header.end);
  const places = Object.entries(header.fields)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, field]) => readPlace(name, field));
  let end = 0;
  for (const { name, from, to } of places.toSorted((a, b) => a.from - b.from || a.to - b.to)) {
    if (from < end) throw invalidCheckpoint(`tensor ${name} overlaps the one before it`);
    if (from > end) throw invalidCheckpoint(`there is a hole of ${from - end} bytes before tensor ${name}`);
    if (to > body.length) {
      throw invalidCheckpoint(`it is truncated: tensor ${name} ends at byte ${to}, but ${body.length} bytes are there`);
    }
    end = to;
  }
  if (end < body.length) throw invalidCheckpoint(`${body.length - end} bytes after the last tensor belong to none`);
  return {
    metadata: readMetadata(header.fields.__metadata__),
    tensors: new Map(places.map((place) => [place.name, readTensor(place, body)])),
  };
}

function readHeader(bytes: Uint8Array): { readonly fields: Readonly<Record<string, unknown>>; readonly end: number } {
  if (bytes.length < lengthBytes) throw invalidCheckpoint(`it is truncated: it has ${bytes.length} bytes`);
  const length = new DataView(bytes.buffer, bytes.byteOffset, lengthBytes).getBigUint64(0, true);
  if (length > maxHeaderBytes) throw invalidCheckpoint(`its header claims ${length.toString()} bytes`);
  const end = lengthBytes + Number(length);
  if (end > bytes.length) throw invalidCheckpoint(`it is truncated: its header alone needs ${end} bytes`);
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(lengthBytes, end));
    const fields: unknown = text.startsWith('{') ? JSON.parse(text) : null;
    if (isObject(fields)) return { fields, end };
  } catch (cause) {
    throw invalidCheckpoint('its header is not JSON', cause);
  }
  throw invalidCheckpoint('its header is not a JSON object');
}

function readPlace(name: string, field: unknown): Place {
  if (!isObject(field)) throw invalidCheckpoint(`the header of tensor ${name} is not an object`);
  const { dtype, shape, data_offsets: offsets } = field;
  if (dtype !== 'F32' && dtype !== 'I32') throw invalidCheckpoint(`tensor ${name} is not of type F32 or I32`);
  if (!isSizes(shape)) throw invalidCheckpoint(`the shape of tensor ${name} is not a list of sizes`);
  if (!isSizes(offsets) || offsets.length !== 2) throw invalidCheckpoint(`tensor ${name} has no two data_offsets`);
  const [from, to] = offsets as [number, number];
  const needed = elementBytes * shape.reduce((product, size) => product * size, 1);
  if (to - from !== needed) {
    throw invalidCheckpoint(`tensor ${name} of shape [${shape.join(', ')}] needs ${needed} bytes, not ${to - from}`);
  }
  return { name, dtype, shape, from, to };
}

function readTensor({ name, dtype, shape, from, to }: Place, body: Uint8Array): Tensor {
  const { buffer } = new Uint8Array(body.subarray(from, to)); // a copy begins aligned, whatever the bytes' own offset
  if (dtype === 'I32') return { shape, data: new Int32Array(buffer) };
  const data = new Float32Array(buffer);
  refuseNotFinite(name, data);
  return { shape, data };
}

export function refuseNotFinite(name: string, data: Float32Array): void {
  const at = data.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) throw invalidCheckpoint(`number ${at} of tensor ${name} is ${data[at] as number}`);
}

function readMetadata(field: unknown): ReadonlyMap<string, string> {
  if (field === undefined) return new Map();
  if (!isObject(field)) throw invalidCheckpoint('__metadata__ is not an object');
  return new Map(
    Object.entries(field).map(([name, value]) => {
      if (typeof value !== 'string') throw invalidCheckpoint(`${name} of __metadata__ is not text`);
      return [name, value];
    }),
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}
