/** The pair of keys that an API key stands for: what it signs with, made of itself alone, and what can be kept to check that by. */
import { createHmac, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

/** What stands before the 32 bytes of a private key of Ed25519 in PKCS #8. */
const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex');

export function signingKeyOf(apiKey: string): KeyObject {
  const seed = createHmac('sha256', apiKey).update('recollect user tokens').digest();
  return createPrivateKey({ key: Buffer.concat([pkcs8, seed]), format: 'der', type: 'pkcs8' });
}

/** The public half, 32 bytes. */
export function tokenKeyOf(apiKey: string): Buffer {
  const { x } = createPublicKey(signingKeyOf(apiKey)).export({ format: 'jwk' });
  return Buffer.from(x ?? '', 'base64url');
}

export function publicKeyOf(tokenKey: Buffer): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: tokenKey.toString('base64url') }, format: 'jwk' });
}
