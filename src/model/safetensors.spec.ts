import { describe, expect, it } from '@jest/globals';
import { decodeTensors, encodeTensors } from './safetensors.js';

/** A file by its specification, from a header's text and its numbers' bytes. */
function file(header: unknown, body: Uint8Array = new Uint8Array(0)): Buffer {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, body]);
}

function refusal(bytes: Uint8Array): unknown {
  try {
    return decodeTensors(bytes);
  } catch (error) {
    return error;
  }
}

const ones = Buffer.from('0000803f0000803f', 'hex');
const entry = (from: number, to: number, shape: unknown = [(to - from) / 4], dtype: unknown = 'F32') => ({
  dtype,
  shape,
  data_offsets: [from, to],
});

describe('the safetensors form', () => {
  it('is an aligned header of JSON and then the numbers', () => {
    const bytes = Buffer.from(
      encodeTensors({
        metadata: new Map([['a', 'b']]),
        tensors: new Map([
          ['w', { shape: [2, 1], data: Float32Array.of(1, -2) }],
          ['n', { shape: [1], data: Int32Array.of(-3) }],
        ]),
      }),
    );
    const length = Number(bytes.readBigUInt64LE());
    expect(length % 8).toBe(0);
    const header = bytes.subarray(8, 8 + length).toString();
    expect(header).toMatch(/^\{.*\} *$/);
    expect(JSON.parse(header)).toEqual({
      __metadata__: { a: 'b' },
      w: { dtype: 'F32', shape: [2, 1], data_offsets: [0, 8] },
      n: { dtype: 'I32', shape: [1], data_offsets: [8, 12] },
    });
    expect(bytes.subarray(8 + length).toString('hex')).toBe('0000803f000000c0fdffffff');
  });

  it('comes back as it was, with scalars, empty tensors and names of any letters', () => {
    const given = {
      metadata: new Map([['vocabulary', '["\u00e9","\u{1f4d6}"]']]),
      tensors: new Map([
        ['\u00e9', { shape: [], data: Float32Array.of(0.1) }],
        ['none', { shape: [0, 7], data: new Int32Array(0) }],
        ['__proto__', { shape: [1], data: Float32Array.of(2) }],
        ['part', { shape: [2], data: Float32Array.of(9, 8, 7, 6).subarray(1, 3) }],
      ]),
    };
    const found = decodeTensors(encodeTensors(given));
    expect(found.metadata).toEqual(given.metadata);
    expect([...found.tensors]).toEqual(
      [...given.tensors].map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]),
    );
  });

  it('is read in any order, from any offset, and without metadata', () => {
    const bytes = file({ second: entry(4, 8), first: entry(0, 4, [1, 1]) }, Buffer.from('0000803f00000040', 'hex'));
    const shifted = Buffer.concat([Buffer.alloc(3), bytes]);
    const { tensors, metadata } = decodeTensors(shifted.subarray(3));
    shifted.fill(0);
    expect(metadata.size).toBe(0);
    expect([...tensors.keys()]).toEqual(['second', 'first']);
    expect(tensors.get('second')?.data).toEqual(Float32Array.of(2));
    expect(tensors.get('first')).toEqual({ shape: [1, 1], data: Float32Array.of(1) });
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(0), /truncated: it has 0 bytes/],
    ['half a length', new Uint8Array(5), /truncated/],
    ['a header cut off', file({ a: entry(0, 8) }).subarray(0, 20), /truncated: its header alone needs/],
    ['a header of 2^63 bytes', Buffer.from('0000000000000080', 'hex'), /header claims 9223372036854775808 bytes/],
    ['a header that is a list', file([]), /not a JSON object/],
    ['a header that begins with a blank', file(' {}'), /not a JSON object/],
    ['a header that is no JSON', file('{"a":'), /not JSON/],
    ['a header that is no UTF-8', file('{"a":1}').fill(255, 10, 11), /not JSON/],
    ['numbers cut off', file({ a: entry(0, 8) }, ones.subarray(0, 7)), /truncated: tensor a ends at byte 8/],
    ['a tensor far away', file({ a: entry(0, 4), b: entry(4, 2 ** 40 + 4) }, ones), /truncated: tensor b/],
    ['two tensors in one place', file({ a: entry(0, 8), b: entry(4, 8) }, ones), /tensor b overlaps/],
    ['one tensor inside another', file({ a: entry(0, 8), b: entry(0, 4) }, ones), /tensor a overlaps/],
    ['a hole', file({ a: entry(4, 8) }, ones), /hole of 4 bytes before tensor a/],
    ['bytes that belong to none', file({ a: entry(0, 4) }, ones), /4 bytes after the last tensor/],
    ['a shape of another size', file({ a: entry(0, 8, [3]) }, ones), /tensor a of shape \[3\] needs 12 bytes, not 8/],
    ['a shape that overflows', file({ a: entry(0, 8, [2 ** 50, 2 ** 50]) }, ones), /tensor a of shape/],
    ['a negative size', file({ a: entry(0, 8, [-2]) }, ones), /shape of tensor a/],
    ['a size of text', file({ a: entry(0, 8, ['2']) }, ones), /shape of tensor a/],
    ['offsets that run back', file({ a: entry(8, 0, [2]) }, ones), /needs 8 bytes, not -8/],
    ['one offset', file({ a: { dtype: 'F32', shape: [2], data_offsets: [0] } }, ones), /no two data_offsets/],
    ['an element type of another network', file({ a: entry(0, 8, [4], 'F16') }, ones), /tensor a is not of type F32/],
    ['a tensor that is null', file({ a: null }), /header of tensor a/],
    ['metadata that is not text', file({ __metadata__: { a: 1 } }), /a of __metadata__ is not text/],
    ['metadata that is a list', file({ __metadata__: [] }), /__metadata__ is not an object/],
    ['a NaN', file({ a: entry(0, 8) }, Buffer.from('0000803f0000c07f', 'hex')), /number 1 of tensor a is NaN/],
    [
      'an infinity',
      file({ a: entry(0, 8) }, Buffer.from('000080ff00000000', 'hex')),
      /number 0 of tensor a is -Infinity/,
    ],
  ])('refuses %s', (_, bytes, what) => {
    expect(refusal(bytes)).toMatchObject({ code: 'CHECKPOINT_INVALID' });
    expect(String(refusal(bytes))).toMatch(what);
  });
});
