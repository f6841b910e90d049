/**
 * A message of the topic of users: its bytes -> what changes in a profile, or why not. Compacted by key like the topic of items: the key is
 * the user's id, an object puts all properties, and a null value deletes them. It erases neither log nor memory.
 */
import { RecollectError } from '../errors.js';
import { readId } from '../model/identifier.js';
import { readProperties } from '../model/interaction.js';
import type { UserPut } from '../storage/user-profile.store.js';
import { contentOf, keyOf, type EnvelopeName } from './envelope.js';
import { fieldsOf } from './fields.js';
import type { KeyedChange } from './keyed-change.js';
import type { Message } from './message.js';

export const userFields = ['id', 'properties', 'schemaVersion'];
const maxPropertiesBytes = 16_384;

/** Throws a RecollectError for what is refused. */
export function readUserMessage(message: Message, envelope?: EnvelopeName): KeyedChange<UserPut> {
  const id = keyOf(message, envelope);
  const { body } = contentOf(message, envelope);
  return { id, put: body === null ? null : readUser(body.value, id) };
}

/** Reads a whole profile; `key` is the id of one that names none, and what a named one must be. */
export function readUser(fields: unknown, key?: string): UserPut {
  const given = fieldsOf(fields, 'a user', userFields);
  const id = readId(given.get('id') ?? key, 'id');
  if (key !== undefined && id !== key) {
    const message = 'id is another one than the key of the message: the key is the id of the user';
    throw new RecollectError('INVALID_ID', message, { field: 'id' });
  }
  return { id, properties: readProperties(given.get('properties') ?? null, maxPropertiesBytes) ?? {} };
}
