/**
 * Erases a user: log, memories of every version, counts, profile, what was answered, what waits for a replay, what was forgotten, what is pinned, and the dead letters
 * that hold the id; also under the ids that were merged into the user. What is left is a keyed hash, by which nothing of the user is taken again, and when that was. Done once more it
 * takes away what is there by then, such as dead letters of messages that were refused since.
 */
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CONFIG, type Config } from '../config.js';
import { deleteUserRows, listEveryone, putErasure } from '../storage/erasure.store.js';
import type { ErasureEntity } from '../storage/erasure.entity.js';
import { deleteInteractions } from '../storage/interaction-edit.store.js';
import { removeItemCounts } from '../storage/item-count.store.js';
import { deleteMergesInto, mergedInto } from '../storage/user-merge.store.js';
import type { Actor } from './audit.js';
import { deleteLettersOf } from './dead-letters-of-user.js';
import { KeyedHash } from './keyed-hash.js';
import { LogEdits } from './log-edit.js';

export interface Erased {
  readonly interactions: number;
  readonly deadLetters: number;
  readonly receipt: Pick<ErasureEntity, 'hash' | 'erasedAt'>;
}

/** Users of one page of all. */
const usersAtOnce = 1_000;
const everything = { ids: null, itemIds: null, kinds: null, from: null, until: null };

@Injectable()
export class Erasure {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly dataSource: DataSource,
    private readonly edits: LogEdits,
  ) {}

  async eraseUser(by: Actor, userId: string): Promise<Erased> {
    const receipts: ErasureEntity[] = [];
    let aliases: readonly string[] = [];
    const removed = await this.edits.apply({
      ...{ by, action: 'ERASE_USER', userIds: [userId] },
      gone: [userId],
      change: async (tx) => deleteInteractions(tx, userId, everything),
      settle: async (tx, rows) => {
        const hash = await KeyedHash.load(tx, this.config);
        receipts.push(await putErasure(tx, hash.ofUser(userId), rows.length));
        await deleteUserRows(tx, userId);
        aliases = await mergedInto(tx, userId);
        for (const alias of aliases) {
          await putErasure(tx, hash.ofUser(alias), 0);
          await deleteUserRows(tx, alias);
        }
        await deleteMergesInto(tx, userId);
        await removeItemCounts(tx, rows);
      },
      countsOf: (rows) => ({ interactions: rows.length, mergedIds: aliases.length }),
    });
    const receipt = receipts.at(-1);
    if (receipt === undefined || removed === null) throw new Error('the erasure was not written');
    let deadLetters = 0;
    for (const id of [userId, ...aliases]) deadLetters += await deleteLettersOf(this.dataSource.manager, id);
    return { interactions: removed.length, deadLetters, receipt };
  }

  /**
   * After a restore of a backup: erases again whom the hashes stand for, and takes nothing of anyone of them any more. Returns how many
   * of them were there. Again it finds nobody.
   */
  async reapply(by: Actor, hashes: readonly Buffer[]): Promise<number> {
    const { manager } = this.dataSource;
    const hash = await KeyedHash.load(manager, this.config);
    const wanted = new Set(hashes.map((one) => one.toString('hex')));
    for (const one of hashes) await putErasure(manager, one, 0); // nothing comes in meanwhile
    let count = 0;
    for (let last: string | undefined = ''; last !== undefined;) {
      const userIds: readonly string[] = await listEveryone(manager, last, usersAtOnce);
      for (const userId of userIds) {
        if (!wanted.has(hash.ofUser(userId).toString('hex'))) continue;
        await this.eraseUser(by, userId);
        count++;
      }
      last = userIds.at(-1);
    }
    return count;
  }
}
