/**
 * Tokens that are bound to one user: an application makes one with its key, for the user who is signed in, and gives it to the browser.
 * A token is a JWT that lives for a day at most. It is good for what its key allows, for that user alone, and no longer than the key.
 *
 *   header.payload.signature      header {alg: EdDSA, kid: prefix of the key}      payload {sub: user, scope, exp in seconds}
 *
 * The signing key is made of the API key, which nothing here keeps, and only its public half is stored beside the key's hash: who reads
 * the database can check tokens and make none.
 */
import { sign, verify } from 'node:crypto';
import { RecollectError } from '../errors.js';
import type { Scope } from '../storage/api-key.entity.js';
import type { ApiKeyRow, StoredKey } from '../storage/api-key.store.js';
import { allows, checkStanding, prefixOf } from './api-key.js';
import { publicKeyOf, signingKeyOf } from './signing-key.js';

export const tokenScopes = ['reader', 'writer', 'privacy'] as const satisfies readonly Scope[];
export type TokenScope = (typeof tokenScopes)[number];

export interface TokenClaims {
  readonly userId: string;
  readonly scopes: readonly TokenScope[];
  readonly expiresAt: Date;
}

export const longestTokenSeconds = 86_400;
/** Clocks of processes differ. */
const clockSlackSeconds = 60;
const shape = /^[A-Za-z0-9_-]{2,300}\.[A-Za-z0-9_-]{2,12000}\.[A-Za-z0-9_-]{86}$/;

/** Whether a text is meant to be a token and not a key. */
export function isToken(text: string): boolean {
  return shape.test(text);
}

export function createToken(key: string, { userId, scopes, expiresAt }: TokenClaims): string {
  const header = { alg: 'EdDSA', typ: 'JWT', kid: prefixOf(key) };
  const payload = { sub: userId, scope: scopes.join(' '), exp: Math.floor(expiresAt.getTime() / 1000) };
  const signed = [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${signed}.${sign(null, Buffer.from(signed), signingKeyOf(key)).toString('base64url')}`;
}

/** Prefix of the key that a token names; throws UNAUTHENTICATED where it names none. */
export function prefixOfToken(token: string): string {
  const { alg, kid } = partOf(token, 0);
  if (alg !== 'EdDSA' || typeof kid !== 'string' || !/^[0-9a-f]{12}$/.test(kid)) throw unknownToken();
  return kid;
}

/** What a valid token of this key says; throws UNAUTHENTICATED or KEY_EXPIRED. */
export function verifyToken(row: StoredKey | null, token: string): TokenClaims & { readonly key: ApiKeyRow } {
  if (!row?.tokenKey || !isSigned(token, row.tokenKey)) throw unknownToken();
  checkStanding(row);
  const { sub, scope, exp } = partOf(token, 1);
  if (typeof sub !== 'string' || typeof scope !== 'string' || typeof exp !== 'number') throw unknownToken();
  const secondsLeft = exp - Date.now() / 1000;
  if (secondsLeft <= 0) throw new RecollectError('KEY_EXPIRED', 'the token has expired; ask for another one');
  if (!(secondsLeft <= longestTokenSeconds + clockSlackSeconds)) throw unknownToken();
  const words = scope.split(' ');
  const scopes = tokenScopes.filter((name) => words.includes(name) && allows(row.scopes, name));
  return { userId: sub, scopes, expiresAt: new Date(exp * 1000), key: row };
}

function isSigned(token: string, tokenKey: Buffer): boolean {
  const at = token.lastIndexOf('.');
  return verify(
    null,
    Buffer.from(token.slice(0, at)),
    publicKeyOf(tokenKey),
    Buffer.from(token.slice(at + 1), 'base64url'),
  );
}

/** The JSON object of a part; empty where it is none. */
function partOf(token: string, part: 0 | 1): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(Buffer.from(token.split('.')[part] ?? '', 'base64url').toString());
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {}; // the caller refuses it
  }
}

function unknownToken(): RecollectError {
  return new RecollectError('UNAUTHENTICATED', 'the token is not known here, or says what none may');
}
