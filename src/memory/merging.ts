/**
 * Joins the history of an id to that of another user, as when a visitor signs in: in the order (occurredAt, arrival), so that the
 * memory equals, bit for bit, that of one user who did it all. What comes later under the old id goes to the user too.
 */
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../config.js';
import { RecollectError } from '../errors.js';
import { areErased } from '../storage/erasure.store.js';
import { removeItemCounts } from '../storage/item-count.store.js';
import { moveInteractions, putMerge } from '../storage/user-merge.store.js';
import type { Actor } from './audit.js';
import { KeyedHash } from './keyed-hash.js';
import { LogEdits } from './log-edit.js';

export interface Merged {
  readonly interactions: number;
  /** how many the user had already */
  readonly duplicates: number;
}

@Injectable()
export class Merging {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly edits: LogEdits,
  ) {}

  /** Throws BAD_INPUT for ids that are the same, were merged before, or were erased. */
  async mergeUsers(by: Actor, from: string, into: string): Promise<Merged> {
    if (from === into)
      throw new RecollectError('BAD_INPUT', 'into is the same user as from: name another one', { field: 'into' });
    const moved = await this.edits.apply({
      ...{ by, action: 'MERGE_USERS', userIds: [from, into] },
      gone: [from],
      change: async (tx) => moveInteractions(tx, from, into),
      settle: async (tx, { dropped }) => {
        const hash = await KeyedHash.load(tx, this.config);
        const [isFromErased, isIntoErased] = await areErased(tx, [hash.ofUser(from), hash.ofUser(into)]);
        if (isFromErased === true || isIntoErased === true) {
          const field = isIntoErased === true ? 'into' : 'from';
          throw new RecollectError('BAD_INPUT', `${field} was erased: name another id`, { field });
        }
        await removeItemCounts(tx, dropped);
        await putMerge(tx, from, into);
      },
      countsOf: ({ count, dropped }) => ({ interactions: count, duplicates: dropped.length }),
    });
    return { interactions: moved?.count ?? 0, duplicates: moved?.dropped.length ?? 0 };
  }
}
