import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { StoredKey } from '../storage/api-key.store.js';
import { signingKeyOf, tokenKeyOf } from './signing-key.js';
import { createToken, isToken, prefixOfToken, verifyToken, type TokenClaims } from './user-token.js';

const key = `rk_0123456789ab_${'k'.repeat(43)}`;
const row: StoredKey = {
  id: '1',
  name: 'shop',
  prefix: '0123456789ab',
  scopes: ['operator'],
  createdAt: new Date(0),
  expiresAt: null,
  revokedAt: null,
  hash: Buffer.alloc(32),
  tokenKey: tokenKeyOf(key),
};
const inSeconds = (seconds: number): Date => new Date(1_000 * Math.floor(Date.now() / 1_000 + seconds));
const claims: TokenClaims = { userId: 'ü "414"', scopes: ['reader', 'privacy'], expiresAt: inSeconds(60) };

const encoded = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString('base64url');
/** Signed as the product signs, whatever it says. */
const signed = (payload: unknown, header: unknown = { alg: 'EdDSA', kid: row.prefix }): string => {
  const text = `${encoded(header)}.${encoded(payload)}`;
  return `${text}.${sign(null, Buffer.from(text), signingKeyOf(key)).toString('base64url')}`;
};

describe('a token of a user', () => {
  it('says whom it is bound to, and is good for what its key is', () => {
    const token = createToken(key, claims);
    expect(isToken(token)).toBe(true);
    expect(isToken(key)).toBe(false);
    expect(prefixOfToken(token)).toBe(row.prefix);
    expect(verifyToken(row, token)).toEqual({ ...claims, scopes: ['reader'], key: row }); // an operator's key lacks privacy
    expect(verifyToken({ ...row, scopes: ['reader', 'privacy'] }, token).scopes).toEqual(['reader', 'privacy']);
  });

  it('names a user of the longest id', () => {
    const userId = '\u{1}'.repeat(256);
    expect(verifyToken(row, createToken(key, { ...claims, userId })).userId).toBe(userId);
  });

  const { privateKey } = generateKeyPairSync('ed25519');
  const good = createToken(key, claims);
  const [header = '', , signature = ''] = good.split('.');
  const exp = claims.expiresAt.getTime() / 1_000;
  it.each([
    ['with another user put in', [header, encoded({ sub: 'other', scope: 'reader', exp }), signature].join('.')],
    ['signed by another key', createToken(`${key.slice(0, -1)}x`, claims)],
    [
      'signed by a key of somebody',
      (({ 0: h = '', 1: p = '' }) =>
        `${h}.${p}.${sign(null, Buffer.from(`${h}.${p}`), privateKey).toString('base64url')}`)(good.split('.')),
    ],
    ['without a user', signed({ scope: 'reader', exp })],
    ['without an end', signed({ sub: 'u', scope: 'reader' })],
    ['with an end that is no number', signed({ sub: 'u', scope: 'reader', exp: String(exp) })],
    ['that would be good for a week', signed({ sub: 'u', scope: 'reader', exp: exp + 604_800 })],
    ['that would be good for ever', signed({ sub: 'u', scope: 'reader', exp: 1e300 })],
    ['that says nothing', signed(null)],
  ])('is refused %s', (_, token) => {
    expect(isToken(token)).toBe(true);
    expect(() => verifyToken(row, token)).toThrow(expect.objectContaining({ code: 'UNAUTHENTICATED' }));
  });

  it.each([
    ['of another algorithm', signed({ sub: 'u' }, { alg: 'HS256', kid: row.prefix })],
    ['of none', signed({ sub: 'u' }, { alg: 'none', kid: row.prefix })],
    ['without a key', signed({ sub: 'u' }, { alg: 'EdDSA' })],
    ['of a key that is none', signed({ sub: 'u' }, { alg: 'EdDSA', kid: "' OR true" })],
  ])('is refused %s', (_, token) => {
    expect(() => prefixOfToken(token)).toThrow(expect.objectContaining({ code: 'UNAUTHENTICATED' }));
  });

  it('ends with its time, and with its key', () => {
    const late = createToken(key, { ...claims, expiresAt: inSeconds(-1) });
    expect(() => verifyToken(row, late)).toThrow(expect.objectContaining({ code: 'KEY_EXPIRED' }));
    const codeOf = (changed: Partial<StoredKey> | null): unknown => {
      try {
        return verifyToken(changed && { ...row, ...changed }, good);
      } catch (error) {
        return (error as { code: unknown }).code;
      }
    };
    expect(codeOf({ revokedAt: new Date() })).toBe('UNAUTHENTICATED');
    expect(codeOf({ expiresAt: new Date() })).toBe('KEY_EXPIRED');
    expect(codeOf({ tokenKey: null })).toBe('UNAUTHENTICATED');
    expect(codeOf(null)).toBe('UNAUTHENTICATED');
  });

  it('can be made by nobody who has what is stored of the key', () => {
    expect(row.tokenKey).toHaveLength(32);
    const forged = createToken(`rk_${row.prefix}_${row.tokenKey?.toString('base64url') ?? ''}`, claims);
    expect(() => verifyToken(row, forged)).toThrow(expect.objectContaining({ code: 'UNAUTHENTICATED' }));
  });
});
