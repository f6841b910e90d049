/**
 * Keys of the API: `rk_<prefix>_<secret>`. The prefix finds the row and may be shown; of the key itself only the SHA-256 is kept.
 * An operator's key may also read and write; what belongs to privacy is granted by name only.
 */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import { RecollectError } from '../errors.js';
import type { Scope } from '../storage/api-key.entity.js';
import {
  insertApiKey,
  lockWhetherAnyApiKey,
  revokeApiKey,
  type ApiKeyRow,
  type StoredKey,
} from '../storage/api-key.store.js';
import { tokenKeyOf } from './signing-key.js';

export interface KeyRequest {
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** null: it never expires */
  readonly expiresAt: Date | null;
}

export interface CreatedKey {
  /** shown once */
  readonly key: string;
  readonly row: ApiKeyRow;
}

const shape = /^rk_([0-9a-f]{12})_[A-Za-z0-9_-]{43}$/;

export async function createKey(tx: EntityManager, { name, scopes, expiresAt }: KeyRequest): Promise<CreatedKey> {
  if (name.trim() === '') throw new RecollectError('BAD_INPUT', 'a key needs a name that says who uses it');
  if (scopes.length === 0) throw new RecollectError('BAD_INPUT', 'a key needs at least one scope');
  const prefix = randomBytes(6).toString('hex');
  const key = `rk_${prefix}_${randomBytes(32).toString('base64url')}`;
  const keyed = { prefix, hash: hashOf(key), tokenKey: tokenKeyOf(key) };
  const row = await insertApiKey(tx, { name, ...keyed, scopes: [...new Set(scopes)], expiresAt });
  return { key, row };
}

/** Throws NOT_FOUND for a prefix that no key has. From then on the key is refused, by other processes within a second. */
export async function revokeKey(tx: EntityManager, prefix: string): Promise<ApiKeyRow> {
  const row = await revokeApiKey(tx, prefix);
  if (row === null) throw new RecollectError('NOT_FOUND', `there is no key with the prefix ${prefix}`);
  return row;
}

/** The key of the first start, to be printed once; null if a key was ever made. Two processes that start together make one. */
export async function ensureOperatorKey(dataSource: DataSource, schema: string): Promise<string | null> {
  return dataSource.transaction(async (tx) => {
    if (await lockWhetherAnyApiKey(tx, schema)) return null;
    const { key } = await createKey(tx, { name: 'first start', scopes: ['operator'], expiresAt: null });
    return key;
  });
}

/** What a key is looked up by; throws UNAUTHENTICATED for what is none. */
export function prefixOf(key: string): string {
  const prefix = shape.exec(key)?.[1];
  if (prefix === undefined) {
    throw new RecollectError('UNAUTHENTICATED', 'the API key is malformed: it must look like rk_<prefix>_<secret>');
  }
  return prefix;
}

/** The row of a valid key, of the one that its prefix has; throws UNAUTHENTICATED or KEY_EXPIRED. */
export function verifyKey(row: StoredKey | null, key: string): StoredKey {
  if (row === null || !timingSafeEqual(row.hash, hashOf(key))) {
    throw new RecollectError('UNAUTHENTICATED', 'the API key is not known here');
  }
  checkStanding(row);
  return row;
}

/** Throws UNAUTHENTICATED for a key that was revoked, KEY_EXPIRED for one whose time is over. */
export function checkStanding({ prefix, revokedAt, expiresAt }: ApiKeyRow): void {
  if (revokedAt !== null) {
    throw new RecollectError('UNAUTHENTICATED', `the API key ${prefix} was revoked at ${revokedAt.toISOString()}`);
  }
  if (expiresAt !== null && expiresAt.getTime() <= Date.now()) {
    throw new RecollectError('KEY_EXPIRED', `the API key ${prefix} expired at ${expiresAt.toISOString()}`);
  }
}

/** Whether a holder of these scopes may do what asks for `needed`. */
export function allows(scopes: readonly Scope[], needed: Scope): boolean {
  return scopes.includes(needed) || (scopes.includes('operator') && (needed === 'reader' || needed === 'writer'));
}

function hashOf(key: string): Buffer {
  return hash('sha256', key, 'buffer');
}
