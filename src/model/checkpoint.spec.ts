import { describe, expect, it } from '@jest/globals';
import { checkpointOf, readFixture } from '../../test/golden/reference.js';
import { decodeCheckpoint, encodeCheckpoint } from './checkpoint.js';
import type { Checkpoint, Tensor } from './checkpoint.js';
import { Network } from './network.js';
import { decodeTensors, encodeTensors } from './safetensors.js';

const plain = checkpointOf(readFixture('network-d8-s4.json'));

/** The golden network with two attributes, a blend and a few transitions. */
const whole: Checkpoint = {
  ...plain,
  dimensions: { ...plain.dimensions, attributes: 2 },
  attributes: ['category:garden & \u00e9', 'brand:x'],
  blend: { weight: 0.25, scale: 20, placePower: 0.4, repeat: 2 },
  tensors: new Map(plain.tensors)
    .set('attribute.embedding', { shape: [2, 8], data: new Float32Array(16).fill(0.5) })
    .set('item.attribute.offsets', lists(32, 3))
    .set('item.attribute.ids', { shape: [3], data: Int32Array.of(1, 0, 1) })
    .set('rules.offsets', lists(32, 2))
    .set('rules.items', { shape: [2], data: Int32Array.of(30, 1) })
    .set('rules.values', { shape: [2], data: Float32Array.of(1.5, 0.5) }),
};

/** Offsets that give the last row all entries. */
function lists(offsets: number, entries: number): Tensor {
  const data = new Int32Array(offsets);
  data[offsets - 1] = entries;
  return { shape: [offsets], data };
}

/** Two heads, kinds and gaps, at the cost of the slots' number. */
const switched: Checkpoint = {
  ...whole,
  dimensions: { ...whole.dimensions, heads: 2, slots: 2, kinds: 2, gaps: 3 },
  kinds: ['view', 'buy \u00e9'],
  tensors: new Map(whole.tensors)
    .set('kind.embedding', { shape: [3, 8], data: new Float32Array(24).fill(0.25, 8) })
    .set('gap.embedding', { shape: [4, 8], data: new Float32Array(32).fill(0.125) }),
};

const withoutMemory: Checkpoint = {
  ...whole,
  dimensions: { ...whole.dimensions, slots: 0 },
  tensors: new Map([...whole.tensors].filter(([name]) => !name.startsWith('memory.'))),
};

function withTensor(name: string, tensor: Tensor | null): Checkpoint {
  const tensors = new Map(whole.tensors);
  if (tensor === null) tensors.delete(name);
  else tensors.set(name, tensor);
  return { ...whole, tensors };
}

/** What decoding says about a file whose metadata or tensors were changed behind the encoder's back. */
function refusal(metadata: Readonly<Record<string, string | undefined>>, checkpoint: Checkpoint = whole): unknown {
  const file = decodeTensors(encodeCheckpoint(whole));
  const texts = new Map(file.metadata);
  for (const [name, text] of Object.entries(metadata)) {
    if (text === undefined) texts.delete(name);
    else texts.set(name, text);
  }
  return fault(() => decodeCheckpoint(encodeTensors({ metadata: texts, tensors: checkpoint.tensors })));
}

function fault(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

describe('a checkpoint', () => {
  it.each([
    ['without attributes', plain],
    ['with attributes and rules', whole],
    ['with heads, kinds and gaps', switched],
    ['without a memory', withoutMemory],
  ])('comes back from its bytes as it was, %s', (_, checkpoint) => {
    const found = decodeCheckpoint(encodeCheckpoint(checkpoint));
    expect(found.dimensions).toEqual(checkpoint.dimensions);
    expect(found.vocabulary.ids).toEqual(checkpoint.vocabulary.ids);
    expect(found.attributes).toEqual(checkpoint.attributes);
    expect(found.blend).toEqual(checkpoint.blend);
    expect(found.kinds).toEqual(checkpoint.kinds);
    expect(found.tensors).toEqual(checkpoint.tensors);
  });

  it('of before heads, kinds and gaps has one head and neither of the others, and serves the same', () => {
    const file = decodeTensors(encodeCheckpoint(whole));
    const dimensions = '{"width":8,"slots":4,"blocks":1,"items":30,"attributes":2}';
    expect(file.metadata.has('kinds')).toBe(false);
    const metadata = new Map(file.metadata).set('dimensions', dimensions);
    const old = decodeCheckpoint(encodeTensors({ metadata, tensors: file.tensors }));
    expect(old.dimensions).toEqual({ ...whole.dimensions, heads: 1, kinds: 0, gaps: 0, outputLength: 0 });
    const [before, after] = [new Network(whole), new Network(old)];
    expect(after.scores(after.trace([1, 30, 7]).state)).toEqual(before.scores(before.trace([1, 30, 7]).state));
  });

  it('of before places and repeats in the blend has the place itself and no repeats', () => {
    const { metadata, tensors } = decodeTensors(encodeCheckpoint(whole));
    const old = encodeTensors({ metadata: new Map(metadata).set('blend', '{"weight":1,"scale":2}'), tensors });
    expect(decodeCheckpoint(old).blend).toEqual({ weight: 1, scale: 2, placePower: 1, repeat: 0 });
  });

  const zero = (...shape: number[]): Tensor => ({ shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) });

  it.each<[Partial<Checkpoint['dimensions']>, string, Tensor | null, RegExp]>([
    [{ heads: 3 }, '', null, /heads of its dimensions, 3, do not divide the width 8/],
    [{ heads: 0 }, '', null, /heads of its dimensions is not a size in 1/],
    [{ heads: 4 }, '', null, /memory.gate.weight is F32 \[8, 4\].*needs F32 \[8, 8\]/],
    [{}, 'memory.slot.bias', zero(2), /memory.slot.bias is F32 \[2\].*needs F32 \[4\]/],
    [{ kinds: 3 }, '', null, /names 2 kinds, its dimensions say 3/],
    [{ kinds: -1 }, '', null, /kinds of its dimensions/],
    [{ gaps: 1.5 }, '', null, /gaps of its dimensions/],
    [{ outputLength: -1 }, '', null, /outputLength of its dimensions is not a number in 0..100/],
    [{ outputLength: Infinity }, '', null, /outputLength of its dimensions/],
    [{ gaps: 4 }, '', null, /gap.embedding is F32 \[4, 8\].*needs F32 \[5, 8\]/],
    [{}, 'kind.embedding', null, /tensor kind.embedding is missing/],
    [{}, 'gap.embedding', null, /tensor gap.embedding is missing/],
    [{}, 'kind.embedding', zero(2, 8), /kind.embedding is F32 \[2, 8\].*needs F32 \[3, 8\]/],
    [{}, 'kind.embedding', { shape: [3, 8], data: new Float32Array(24).fill(1, 7) }, /row 0 of tensor kind.embedding/],
    [{}, 'gap.embedding', { shape: [4, 8], data: new Float32Array(32).fill(NaN) }, /gap.embedding is NaN/],
  ])('is refused when its switches are wrong: case %#', (sizes, name, tensor, what) => {
    const tensors = new Map(switched.tensors);
    if (tensor !== null) tensors.set(name, tensor);
    else tensors.delete(name);
    const dimensions = { ...switched.dimensions, ...sizes };
    expect(() => encodeCheckpoint({ ...switched, dimensions, tensors })).toThrow(what);
    const metadata = new Map(decodeTensors(encodeCheckpoint(switched)).metadata);
    metadata.set('dimensions', JSON.stringify(dimensions));
    const error = fault(() => decodeCheckpoint(encodeTensors({ metadata, tensors })));
    expect(error).toMatchObject({ code: 'CHECKPOINT_INVALID' });
    expect(String(error)).toMatch(what);
  });

  it('serves the same scores once it was stored', () => {
    const [before, after] = [new Network(whole), new Network(decodeCheckpoint(encodeCheckpoint(whole)))];
    const { state } = before.trace([1, 30, 7]);
    expect(after.scores(after.trace([1, 30, 7]).state)).toEqual(before.scores(state));
  });

  it('has attributes in the vectors of the items that carry them', () => {
    const [base, network] = [new Network(plain), new Network(whole)];
    expect(network.itemVector(29)).toEqual(base.itemVector(29));
    const gain = network.itemVector(30).map((value, at) => value - (base.itemVector(30)[at] ?? NaN));
    gain.forEach((value) => {
      expect(value).toBeCloseTo((3 * 0.5) / Math.sqrt(3), 6);
    });
  });

  it.each<[string, Tensor | null, RegExp]>([
    ['memory.gate.weight', null, /tensor memory.gate.weight is missing/],
    ['attribute.embedding', null, /tensor attribute.embedding is missing/],
    ['rules.values', null, /tensor rules.values is missing/],
    ['join.norm2.gain', { shape: [7], data: new Float32Array(7) }, /join.norm2.gain is F32 \[7\].*needs F32 \[8\]/],
    ['item.embedding', { shape: [8, 31], data: new Float32Array(248) }, /item.embedding is F32 \[8, 31\]/],
    ['memory.gate.weight', { shape: [32], data: new Float32Array(32) }, /needs F32 \[8, 4\]/],
    ['output.bias', { shape: [30], data: new Int32Array(30) }, /output.bias is I32 \[30\]/],
    ['rules.items', { shape: [2], data: Float32Array.of(1, 1) }, /rules.items is F32/],
    ['rules.items', { shape: [2], data: Int32Array.of(1, 31) }, /rules.items holds 31/],
    ['rules.items', { shape: [2], data: Int32Array.of(0, 1) }, /rules.items holds 0/],
    ['rules.items', { shape: [1], data: Int32Array.of(1) }, /rules.offsets does not rise from 0 to the 1 entries/],
    ['rules.values', { shape: [1], data: Float32Array.of(1) }, /rules.values has not one value/],
    ['rules.offsets', lists(31, 2), /rules.offsets is I32 \[31\]/],
    ['rules.offsets', { shape: [32], data: new Int32Array(32).fill(2) }, /rules.offsets does not rise/],
    [
      'rules.offsets',
      { shape: [32], data: Int32Array.from({ length: 32 }, (_, at) => (at === 9 ? 5 : at && 2)) },
      /rise/,
    ],
    ['item.attribute.ids', { shape: [3], data: Int32Array.of(0, 2, 1) }, /item.attribute.ids holds 2/],
    ['item.attribute.ids', { shape: [3], data: Int32Array.of(0, -1, 1) }, /item.attribute.ids holds -1/],
  ])('is refused, writing and reading, when %s is wrong: case %#', (name, tensor, what) => {
    const broken = withTensor(name, tensor);
    for (const error of [fault(() => encodeCheckpoint(broken)), refusal({}, broken)]) {
      expect(error).toMatchObject({ code: 'CHECKPOINT_INVALID' });
      expect(String(error)).toMatch(what);
    }
  });

  it('is not written with a weight that is not finite', () => {
    const broken = withTensor('output.bias', { shape: [30], data: new Float32Array(30).fill(NaN, 4) });
    expect(() => encodeCheckpoint(broken)).toThrow(/number 4 of tensor output.bias is NaN/);
  });

  it.each<[Readonly<Record<string, string | undefined>>, RegExp]>([
    [{ format: 'recollect/2' }, /format is recollect\/2/],
    [{ format: undefined }, /format is not named/],
    [{ dimensions: undefined }, /dimensions of its metadata is missing/],
    [{ dimensions: 'x' }, /dimensions of its metadata/],
    [{ dimensions: '{"width":8,"slots":4,"blocks":1,"items":30}' }, /attributes of its dimensions/],
    [{ dimensions: '{"width":8,"slots":-1,"blocks":1,"items":30,"attributes":2}' }, /slots of its dimensions/],
    [{ dimensions: '{"width":8.5,"slots":4,"blocks":1,"items":30,"attributes":2}' }, /width of its dimensions/],
    [{ dimensions: '{"width":8,"slots":4,"blocks":1e9,"items":30,"attributes":2}' }, /blocks of its dimensions/],
    [
      { dimensions: '{"width":8,"slots":4,"blocks":2,"items":30,"attributes":2}' },
      /block.1.gru.gates.weight is missing/,
    ],
    [{ vocabulary: '["a"]' }, /vocabulary has 1 items, its dimensions say 30/],
    [{ vocabulary: '{"a":1}' }, /vocabulary of its metadata is not a list of texts/],
    [{ vocabulary: '["a","a"]' }, /vocabulary of its metadata names something twice/],
    [{ attributes: '["a"]' }, /names 1 attributes, its dimensions say 2/],
    [{ attributes: '[1,2]' }, /attributes of its metadata/],
    [{ blend: '{"weight":-1,"scale":1}' }, /blend/],
    [{ blend: '{"weight":1}' }, /blend/],
    [{ blend: '{"weight":1,"scale":1,"repeat":-1}' }, /repeat of its blend/],
    [{ blend: 'null' }, /blend/],
  ])('is refused when its metadata is wrong: case %#', (metadata, what) => {
    const error = refusal(metadata);
    expect(error).toMatchObject({ code: 'CHECKPOINT_INVALID' });
    expect(String(error)).toMatch(what);
  });

  it('is refused when it is cut off anywhere', () => {
    const bytes = encodeCheckpoint(whole);
    for (let length = 0; length < bytes.length; length += 97) {
      expect(fault(() => decodeCheckpoint(bytes.subarray(0, length)))).toMatchObject({ code: 'CHECKPOINT_INVALID' });
    }
  });

  it('is refused by the network when a memory could not hold what it writes', () => {
    const value = { shape: [8, 8], data: new Float32Array(64).fill(30_000) };
    expect(() => new Network(withTensor('memory.value.weight', value))).toThrow(/memory holds 65504 at most/);
  });
});
