/**
 * The audit log of memory control: who changed, or took out, what is remembered of whom, when, and how much of it. It holds no contents
 * and no ids of users: these are keyed hashes, by which what was done to a user can be found by who has the id. An entry is written in the
 * transaction of the act, so that neither is there without the other.
 *
 *   hash of entry n = HMAC(hash of entry n - 1, entry n)      by the key of RECOLLECT_ERASURE_KEY, see `keyed-hash`
 *
 * So an entry that was changed, taken out or put in later no longer fits; entries cut off at the end are told by a hash that was noted
 * elsewhere. Where the key lies in the database, who writes to it can forge the whole chain, but not to that hash.
 */
import type { EntityManager } from 'typeorm';
import type { Config } from '../config.js';
import { auditEntriesAfter, insertAuditEntry, lockAuditLog, type AuditLogRow } from '../storage/audit-log.store.js';
import { KeyedHash } from './keyed-hash.js';

export const auditActions = [
  'FORGET_INTERACTIONS',
  'FORGET_SLOT',
  'PIN_SLOT',
  'UNPIN_SLOT',
  'RESET_MEMORY',
  'MERGE_USERS',
  'ERASE_USER',
  'EXPORT_USER',
] as const;
export type AuditAction = (typeof auditActions)[number];

/** Who acts. */
export interface Actor {
  /** name of the key, or who ran the command */
  readonly name: string;
  /** null: not by a key */
  readonly keyPrefix: string | null;
}

export interface Act {
  readonly by: Actor;
  readonly action: AuditAction;
  /** of a merge: from, into */
  readonly userIds: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
}

type Settings = Pick<Config, 'erasureKey' | 'databaseSchema'>;
const beginning: Buffer = Buffer.alloc(32);

/** The last statement of its transaction, since others wait for it. */
export async function recordAct(tx: EntityManager, config: Settings, act: Act): Promise<void> {
  const keyed = await KeyedHash.load(tx, config);
  const { last, now } = await lockAuditLog(tx, config.databaseSchema);
  const entry = {
    id: String(BigInt(last?.id ?? 0) + 1n),
    at: now,
    actor: act.by.name,
    keyPrefix: act.by.keyPrefix,
    action: act.action,
    subjects: act.userIds.map((userId) => keyed.ofUser(userId).toString('hex')),
    counts: act.counts,
  };
  await insertAuditEntry(tx, { ...entry, hash: hashOf(keyed, last?.hash ?? beginning, entry) });
}

function hashOf(keyed: KeyedHash, previous: Buffer, entry: Omit<AuditLogRow, 'hash'>): Buffer {
  const counts = Object.entries(entry.counts).sort(([one], [other]) => (one < other ? -1 : 1)); // jsonb has an order of its own
  const { id, at, actor, keyPrefix, action, subjects } = entry;
  return keyed.ofEntry(previous, JSON.stringify([id, at.toISOString(), actor, keyPrefix, action, subjects, counts]));
}

/** `ALTERED`: the entry, or the one before it, is not what was written; `MISSING`: entries before this one are gone. */
export interface AuditFault {
  readonly id: string;
  readonly fault: 'ALTERED' | 'MISSING';
}

export interface AuditVerified {
  readonly entries: number;
  /** of the last entry; null: there is none */
  readonly head: string | null;
  readonly faults: readonly AuditFault[];
  /** whether an entry has the hash that was asked for; null: none was */
  readonly isHeadKnown: boolean | null;
}

const entriesAtOnce = 1_000;

/** `notedHead`: a head that was noted before, in hexadecimal digits. */
export async function verifyAuditLog(
  tx: EntityManager,
  config: Settings,
  notedHead: string | null,
): Promise<AuditVerified> {
  const keyed = await KeyedHash.load(tx, config);
  const faults: AuditFault[] = [];
  let [entries, previous, last, isHeadKnown] = [0, beginning, '0', false];
  for (;;) {
    const page = await auditEntriesAfter(tx, last, entriesAtOnce);
    for (const entry of page) {
      if (BigInt(entry.id) !== BigInt(last) + 1n) faults.push({ id: entry.id, fault: 'MISSING' });
      else if (!hashOf(keyed, previous, entry).equals(entry.hash)) faults.push({ id: entry.id, fault: 'ALTERED' });
      isHeadKnown ||= entry.hash.toString('hex') === notedHead;
      previous = entry.hash;
      last = entry.id;
    }
    entries += page.length;
    if (page.length < entriesAtOnce) break;
  }
  const head = entries === 0 ? null : previous.toString('hex');
  return { entries, head, faults, isHeadKnown: notedHead === null ? null : isHeadKnown };
}
