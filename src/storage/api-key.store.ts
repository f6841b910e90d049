/** The keys of the API. Only hashes are stored; a key itself is seen once, by whoever made it. */
import type { EntityManager } from 'typeorm';
import type { Scope } from './api-key.entity.js';
import { advisoryLock } from './data-source.js';

export interface ApiKeyRow {
  readonly id: string;
  readonly name: string;
  readonly prefix: string;
  readonly scopes: readonly Scope[];
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
}

export interface NewApiKey {
  readonly name: string;
  readonly prefix: string;
  /** SHA-256 of the whole key */
  readonly hash: Buffer;
  readonly tokenKey: Buffer;
  readonly scopes: readonly Scope[];
  readonly expiresAt: Date | null;
}

const columns = `id, name, prefix, scopes, created_at AS "createdAt", expires_at AS "expiresAt", revoked_at AS "revokedAt"`;

export async function insertApiKey(tx: EntityManager, key: NewApiKey): Promise<ApiKeyRow> {
  const rows = await tx.query<ApiKeyRow[]>(
    `INSERT INTO api_key (name, prefix, hash, token_key, scopes, expires_at) VALUES ($1, $2, $3, $4, $5, $6) RETURNING ${columns}`,
    [key.name, key.prefix, key.hash, key.tokenKey, key.scopes, key.expiresAt],
  );
  const row = rows[0];
  if (row === undefined) throw new Error('the insert of a key returned no row');
  return row;
}

/** With what keys and their tokens are checked by. */
export interface StoredKey extends ApiKeyRow {
  readonly hash: Buffer;
  readonly tokenKey: Buffer | null;
}

export async function findApiKey(tx: EntityManager, prefix: string): Promise<StoredKey | null> {
  const rows = await tx.query<StoredKey[]>(
    `SELECT ${columns}, hash, token_key AS "tokenKey" FROM api_key WHERE prefix = $1`,
    [prefix],
  );
  return rows[0] ?? null;
}

export async function listApiKeys(tx: EntityManager): Promise<readonly ApiKeyRow[]> {
  return tx.query<ApiKeyRow[]>(`SELECT ${columns} FROM api_key ORDER BY created_at, id`);
}

/** The revoked key, or null if no key has that prefix. A second revocation keeps the time of the first. */
export async function revokeApiKey(tx: EntityManager, prefix: string): Promise<ApiKeyRow | null> {
  await tx.query('UPDATE api_key SET revoked_at = now() WHERE prefix = $1 AND revoked_at IS NULL', [prefix]);
  const rows = await tx.query<ApiKeyRow[]>(`SELECT ${columns} FROM api_key WHERE prefix = $1`, [prefix]);
  return rows[0] ?? null;
}

/** Whether there is any key, revoked ones included; holds off other processes that ask until the transaction ends. */
export async function lockWhetherAnyApiKey(tx: EntityManager, schema: string): Promise<boolean> {
  await tx.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [advisoryLock.apiKeys, schema]);
  const rows = await tx.query<{ any: boolean }[]>('SELECT EXISTS (SELECT FROM api_key) AS any');
  return rows[0]?.any ?? false;
}
