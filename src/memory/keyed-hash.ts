/**
 * Hashes of ids by a key of the deployment (HMAC-SHA-256): what was forgotten is known again when it comes once more, and nobody
 * who has the hashes alone can tell what it was. The key is RECOLLECT_ERASURE_KEY, or where it is not set a random one in Postgres.
 */
import { createHmac } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import type { Config } from '../config.js';
import { RecollectError } from '../errors.js';
import { noteFingerprint, readErasureKey } from '../storage/erasure-key.store.js';

export class KeyedHash {
  private constructor(private readonly key: Buffer) {}

  /** Throws ERASURE_KEY_OTHER where the hashes that are there were made by another key. */
  static async load(tx: EntityManager, { erasureKey }: Pick<Config, 'erasureKey'>): Promise<KeyedHash> {
    const { key, fingerprint } = await readErasureKey(tx);
    const hash = new KeyedHash(erasureKey === null ? key : Buffer.from(erasureKey));
    const own = hash.of('fingerprint', '');
    if (!(fingerprint ?? (await noteFingerprint(tx, own))).equals(own)) {
      const fault =
        'what was forgotten is kept by hashes of another key than RECOLLECT_ERASURE_KEY now gives, and would come back';
      throw new RecollectError('ERASURE_KEY_OTHER', `${fault}: set the key of before, or unset it if it never was set`);
    }
    return hash;
  }

  /** Of the id of a user's interaction. */
  ofInteraction(id: string): Buffer {
    return this.of('interaction', id);
  }

  ofUser(userId: string): Buffer {
    return this.of('user', userId);
  }

  /** Of an entry of the audit log, behind the hash of the one before it. */
  ofEntry(previous: Buffer, entry: string): Buffer {
    return this.of('audit', `${previous.toString('hex')}\0${entry}`);
  }

  private of(what: string, id: string): Buffer {
    return createHmac('sha256', this.key).update(`${what}\0${id}`).digest();
  }
}
