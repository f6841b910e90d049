/**
 * A trained network as one file in safetensors form: sizes, vocabulary, rules blend and every weight, so that it serves anywhere.
 *
 * The tensors are those of `tensors`. Beside them, as texts in the header's `__metadata__`: format, and as JSON dimensions,
 * vocabulary, attributes, blend, kinds where the network has vectors for them, and content where it places items that it has not
 * learned. A file from before heads, kinds, gaps, the output's length and content has one head and none of the others.
 * Tensors of other names are left alone. Whatever is wrong is refused with CHECKPOINT_INVALID and the tensor's name, on writing as on reading: what was written can
 * be served.
 */
import { ContentFeatures, ContentMap, type ContentNames } from './content.js';
import type { Dimensions } from './dimensions.js';
import { decodeTensors, encodeTensors, invalidCheckpoint, refuseNotFinite } from './safetensors.js';
import type { Tensor } from './safetensors.js';
import { integers, tensorsOf } from './tensors.js';
import { Vocabulary } from './vocabulary.js';

export type { Tensor } from './safetensors.js';

/** How sequential rules and repeats are blended in: src/model/rules.ts has the equations. */
export interface Blend {
  readonly weight: number;
  readonly scale: number;
  /** how much less an older item's rules count; 1 in checkpoints of before it was written */
  readonly placePower: number;
  /** what an item of before the last one gains; 0 in checkpoints of before it was written */
  readonly repeat: number;
}

export interface Checkpoint {
  readonly dimensions: Dimensions;
  readonly vocabulary: Vocabulary;
  /** names of the attributes, [A] */
  readonly attributes: readonly string[];
  /** names of the kinds that have a vector: kinds[0] is row 1 of theirs; row 0 is any other kind */
  readonly kinds: readonly string[];
  readonly blend: Blend;
  /** by what `content.weight` places items that are not in the vocabulary; left out: it places none */
  readonly content?: ContentNames | undefined;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

const format = 'recollect/1';
/** Scores of a longer one would say nothing but which item is first. */
export const largestOutputLength = 100;

export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  verify(checkpoint);
  const { dimensions, vocabulary, attributes, kinds, blend, content, tensors } = checkpoint;
  const texts = {
    ...{ dimensions, vocabulary: vocabulary.ids, attributes, blend },
    ...(kinds.length > 0 && { kinds }),
    ...(content !== undefined && { content }),
  };
  return encodeTensors({
    metadata: new Map([
      ['format', format],
      ...Object.entries(texts).map(([name, value]): [string, string] => [name, JSON.stringify(value)]),
    ]),
    tensors,
  });
}

export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  const { metadata, tensors } = decodeTensors(bytes);
  const written = metadata.get('format');
  if (written !== format)
    throw invalidCheckpoint(`its format is ${written ?? 'not named'}, this program reads ${format}`);
  const field = (name: string): unknown => {
    try {
      return JSON.parse(metadata.get(name) ?? '');
    } catch {
      throw invalidCheckpoint(`${name} of its metadata is missing or not JSON`);
    }
  };
  const ids = texts('vocabulary', field('vocabulary'));
  const checkpoint: Checkpoint = {
    dimensions: readDimensions(field('dimensions')),
    vocabulary: new Vocabulary(ids),
    attributes: texts('attributes', field('attributes')),
    kinds: metadata.has('kinds') ? texts('kinds', field('kinds')) : [],
    blend: readBlend(field('blend')),
    content: metadata.has('content') ? readContent(field('content')) : undefined,
    tensors,
  };
  verify(checkpoint);
  return checkpoint;
}

/** Throws for sizes that contradict each other, a tensor that is missing, of another size or not finite. */
function verify({ dimensions, vocabulary, attributes, kinds, blend, content, tensors }: Checkpoint): void {
  readDimensions(dimensions);
  readBlend(blend);
  if (vocabulary.size !== dimensions.items) {
    throw invalidCheckpoint(`its vocabulary has ${vocabulary.size} items, its dimensions say ${dimensions.items}`);
  }
  if (attributes.length !== dimensions.attributes) {
    throw invalidCheckpoint(`it names ${attributes.length} attributes, its dimensions say ${dimensions.attributes}`);
  }
  if (kinds.length !== dimensions.kinds) {
    throw invalidCheckpoint(`it names ${kinds.length} kinds, its dimensions say ${dimensions.kinds}`);
  }
  const features = content === undefined ? 0 : new ContentFeatures(attributes, readContent(content)).size;
  const expected = tensorsOf(dimensions, features);
  for (const [name, sizes] of expected) {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw invalidCheckpoint(`tensor ${name} is missing`);
    const { shape, data } = tensor;
    const isOfShape = shape.length === sizes.length && sizes.every((size, at) => (size ?? shape[at]) === shape[at]);
    const isInteger = data instanceof Int32Array;
    const count = shape.reduce((product, size) => product * size, 1);
    if (!isOfShape || isInteger !== integers.has(name) || data.length !== count) {
      const wanted = `${integers.has(name) ? 'I32' : 'F32'} [${sizes.map((size) => size ?? 'any').join(', ')}]`;
      const found = `${isInteger ? 'I32' : 'F32'} [${shape.join(', ')}] with ${data.length} numbers`;
      throw invalidCheckpoint(`tensor ${name} is ${found}, the network needs ${wanted}`);
    }
    if (!isInteger) refuseNotFinite(name, data);
  }
  const unknownKind =
    dimensions.kinds > 0 ? tensors.get('kind.embedding')?.data.subarray(0, dimensions.width) : undefined;
  if (unknownKind?.some((number) => number !== 0)) {
    throw invalidCheckpoint('row 0 of tensor kind.embedding, of an unknown kind, is not zero');
  }
  verifyRows(tensors, 'rules.offsets', 'rules.items', 1, dimensions.items);
  if (tensors.get('rules.values')?.data.length !== tensors.get('rules.items')?.data.length) {
    throw invalidCheckpoint('tensor rules.values has not one value for each of rules.items');
  }
  if (dimensions.attributes > 0) {
    verifyRows(tensors, 'item.attribute.offsets', 'item.attribute.ids', 0, dimensions.attributes - 1);
  }
}

/** Lists of many rows in one array: the offsets never fall and end at its end, its entries lie in low..high. */
function verifyRows(tensors: Checkpoint['tensors'], at: string, of: string, low: number, high: number): void {
  const offsets = tensors.get(at)?.data ?? [];
  const entries = tensors.get(of)?.data ?? [];
  const rises = offsets.every((offset, row) => offset >= (row === 0 ? 0 : (offsets[row - 1] as number)));
  if (!rises || offsets[0] !== 0 || offsets[offsets.length - 1] !== entries.length) {
    throw invalidCheckpoint(`tensor ${at} does not rise from 0 to the ${entries.length} entries of ${of}`);
  }
  const outside = entries.find((entry) => entry < low || entry > high);
  if (outside !== undefined)
    throw invalidCheckpoint(`tensor ${of} holds ${outside}, which is outside of ${low}..${high}`);
}

function readDimensions(value: unknown): Dimensions {
  const given = numbers('dimensions', value);
  const { width, slots, blocks, items, attributes, heads = 1, kinds = 0, gaps = 0, outputLength = 0 } = given;
  const sizes = { width, slots, blocks, items, attributes, heads, kinds, gaps };
  for (const [name, size] of Object.entries(sizes)) {
    const least = ['slots', 'attributes', 'kinds', 'gaps'].includes(name) ? 0 : 1;
    const most = name === 'items' || name === 'attributes' ? 2 ** 31 - 2 : 2 ** 16;
    if (!(Number.isInteger(size) && (size as number) >= least && (size as number) <= most)) {
      throw invalidCheckpoint(`${name} of its dimensions is not a size in ${least}..${most}`);
    }
  }
  if (!(
    Number.isFinite(outputLength) &&
    (outputLength as number) >= 0 &&
    (outputLength as number) <= largestOutputLength
  )) {
    throw invalidCheckpoint(`outputLength of its dimensions is not a number in 0..${largestOutputLength}`);
  }
  const read = { ...sizes, outputLength } as Dimensions;
  if (read.width % read.heads !== 0) {
    throw invalidCheckpoint(`heads of its dimensions, ${read.heads}, do not divide the width ${read.width}`);
  }
  return read;
}

function readBlend(value: unknown): Blend {
  const { weight, scale, placePower = 1, repeat = 0 } = numbers('blend', value);
  if (![weight, scale, placePower, repeat].every((one) => Number.isFinite(one) && (one as number) >= 0)) {
    throw invalidCheckpoint('weight, scale, placePower and repeat of its blend are not numbers of at least 0');
  }
  return { weight, scale, placePower, repeat } as Blend;
}

function readContent(value: unknown): ContentNames {
  const { words, vectorLength } = numbers('content', value);
  if (!(Number.isInteger(vectorLength) && (vectorLength as number) >= 0 && (vectorLength as number) <= 2 ** 16)) {
    throw invalidCheckpoint('vectorLength of its content is not a size');
  }
  return { words: texts('content', words), vectorLength: vectorLength as number };
}

function numbers(name: string, value: unknown): Partial<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw invalidCheckpoint(`${name} of its metadata is not an object`);
  return { ...value };
}

function texts(name: string, value: unknown): readonly string[] {
  if (!Array.isArray(value) || !value.every((text) => typeof text === 'string')) {
    throw invalidCheckpoint(`${name} of its metadata is not a list of texts`);
  }
  if (new Set(value).size !== value.length) throw invalidCheckpoint(`${name} of its metadata names something twice`);
  return value;
}

/** The content map that a checkpoint holds; null: it places no item that it has not learned. */
export function contentMapOf({ dimensions, attributes, content, tensors }: Checkpoint): ContentMap | null {
  const weights = tensors.get('content.weight')?.data;
  if (content === undefined || !(weights instanceof Float32Array)) return null;
  return new ContentMap(new ContentFeatures(attributes, content), weights, dimensions.outputLength);
}
