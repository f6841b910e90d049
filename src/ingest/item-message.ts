/**
 * A message of the topic of items: its bytes -> what changes in the catalogue, or why not. The topic is compacted by key, so the
 * key is the item's id. A JSON object puts the whole item: fields that it leaves out, or gives as null, are empty afterwards.
 * Only a null value deletes; the text `null` and an empty value are faults.
 */
import { RecollectError } from '../errors.js';
import { readId, typeName } from '../model/identifier.js';
import { readInstant } from '../model/instant.js';
import { readProperties } from '../model/interaction.js';
import type { ItemPut } from '../storage/item.store.js';
import { contentOf, keyOf, type EnvelopeName } from './envelope.js';
import { fieldsOf } from './fields.js';
import type { KeyedChange } from './keyed-change.js';
import type { Message } from './message.js';

export const itemFields = [
  'id',
  'title',
  'categories',
  'properties',
  'vector',
  'available',
  'createdAt',
  'expiresAt',
  'schemaVersion',
];
const maxTitleCharacters = 1_000;
const maxCategoryCharacters = 256;
const maxCategories = 100;
const maxPropertiesBytes = 16_384;

/** `vectorLength`: numbers of every item's vector; null: items have none. Throws a RecollectError for what is refused. */
export function readItemMessage(
  message: Message,
  vectorLength: number | null,
  envelope?: EnvelopeName,
): KeyedChange<ItemPut> {
  const id = keyOf(message, envelope);
  const { body } = contentOf(message, envelope);
  if (body === null) return { id, put: null };
  const put = readItem(body.value, vectorLength, id);
  if (put.id !== id) throw invalid('id', 'is another one than the key of the message: the key is the id of the item');
  return { id, put };
}

/** Reads a whole item; `fallbackId` is the id of one that names none. */
export function readItem(fields: unknown, vectorLength: number | null, fallbackId?: string): ItemPut {
  const given = fieldsOf(fields, 'an item', itemFields);
  const optional = <V>(field: string, read: (value: unknown, field: string) => V): V | null => {
    const value = given.get(field) ?? null;
    return value === null ? null : read(value, field);
  };
  return {
    id: readId(given.get('id') ?? fallbackId, 'id'),
    title: optional('title', (value, field) => readText(value, field, maxTitleCharacters)),
    categories: optional('categories', readCategories) ?? [],
    properties: readProperties(given.get('properties') ?? null, maxPropertiesBytes) ?? {},
    vector: optional('vector', (value, field) => readVector(value, field, vectorLength)),
    available: optional('available', readBoolean) ?? true,
    createdAt: optional('createdAt', (value, field) => new Date(readInstant(value, field))),
    expiresAt: optional('expiresAt', (value, field) => new Date(readInstant(value, field))),
  };
}

function readCategories(value: unknown, field: string): readonly string[] {
  if (!Array.isArray(value)) throw invalid(field, `is ${typeName(value)}: give a list of texts`);
  if (value.length > maxCategories)
    throw invalid(field, `has ${value.length} entries, at most ${maxCategories} are kept`);
  return [...new Set(value.map((category) => readText(category, field, maxCategoryCharacters)))];
}

/** Rounded to f32, as it is stored. */
function readVector(value: unknown, field: string, length: number | null): readonly number[] {
  if (length === null)
    throw invalid(
      field,
      'is given, but items have none here: set RECOLLECT_ITEM_VECTOR_LENGTH to its number of numbers',
    );
  if (!Array.isArray(value)) throw invalid(field, `is ${typeName(value)}: give a list of numbers`);
  if (value.length !== length) {
    throw invalid(field, `has ${value.length} numbers, RECOLLECT_ITEM_VECTOR_LENGTH says ${length}`);
  }
  return value.map((number: unknown, at) => {
    const rounded = typeof number === 'number' ? Math.fround(number) : NaN;
    if (Number.isFinite(rounded)) return rounded;
    const found = typeof number === 'number' ? 'not a finite number of 32 bits' : typeName(number);
    throw invalid(field, `holds ${found} at place ${at}: give finite numbers`);
  });
}

function readText(value: unknown, field: string, maxCharacters: number): string {
  if (typeof value !== 'string') throw invalid(field, `holds ${typeName(value)}: give text`);
  if (value.includes('\0') || /\p{Surrogate}/u.test(value))
    throw invalid(field, 'holds a NUL character or half of a surrogate pair: take it out');
  if (value.length > 2 * maxCharacters || Array.from(value).length > maxCharacters)
    throw invalid(field, `is longer than ${maxCharacters} characters`);
  return value;
}

function readBoolean(value: unknown, field: string): boolean {
  if (typeof value !== 'boolean') throw invalid(field, `is ${typeName(value)}: give true or false`);
  return value;
}

function invalid(field: string, fault: string): RecollectError {
  return new RecollectError('INVALID_ITEM', `${field} ${fault}`, { field });
}
