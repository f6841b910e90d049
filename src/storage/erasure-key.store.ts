/** SQL of the key of hashes. */
import type { EntityManager } from 'typeorm';

export interface ErasureKeyRow {
  readonly key: Buffer;
  readonly fingerprint: Buffer | null;
}

export async function readErasureKey(tx: EntityManager): Promise<ErasureKeyRow> {
  const [row] = await tx.query<ErasureKeyRow[]>('SELECT key, fingerprint FROM erasure_key');
  if (row === undefined) throw new Error('the table erasure_key lost its row');
  return row;
}

/** Notes which key is used, unless that was noted before; returns what is noted. */
export async function noteFingerprint(tx: EntityManager, fingerprint: Buffer): Promise<Buffer> {
  const [rows] = await tx.query<[{ fingerprint: Buffer }[], number]>(
    'UPDATE erasure_key SET fingerprint = coalesce(fingerprint, $1) RETURNING fingerprint',
    [fingerprint],
  );
  return rows[0]?.fingerprint ?? fingerprint;
}
