/**
 * A row of a file -> a user's profile. What another recommender says of a user has no fields of its own here: it goes into the properties
 * under its own name, Gorse's labels under theirs.
 */
import { isObject } from '../ingest/fields.js';
import { readUser } from '../ingest/user-message.js';
import type { UserPut } from '../storage/user-profile.store.js';
import { parsedJson } from './interaction-row.js';
import type { ReadRow } from './import.js';
import { renamed, type Mapping } from './mapping.js';
import type { ImportFile } from './source.js';

/** How other recommenders call the id. */
const idNames = ['USER_ID', 'UserId', 'user', 'userId', 'user_id'];

export function userReader({ fields }: Mapping, { format }: ImportFile): ReadRow<UserPut> {
  return (row) => readUser(userOf(renamed(row, fields), format === 'csv'));
}

function userOf(row: unknown, isText: boolean): unknown {
  if (!isObject(row)) return row;
  const given: Readonly<Record<string, unknown>> = { ...row };
  const idName = Object.hasOwn(given, 'id') ? undefined : idNames.find((name) => Object.hasOwn(given, name));
  if (idName === undefined) {
    const { properties } = given;
    const isJson = isText && typeof properties === 'string';
    return isJson ? { ...given, properties: parsedJson(properties, 'properties') } : given;
  }
  const { [idName]: id, Labels: labels, Comment: comment, ...others } = given;
  const named = Array.isArray(labels) ? { labels: labels as unknown[] } : (labels ?? {});
  return { id, properties: { ...others, ...named, ...(comment === undefined || comment === '' ? {} : { comment }) } };
}
