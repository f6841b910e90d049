/** Memory control of a user who stays: what is forgotten leaves the log, the counts and every memory, as if it had never been seen. */
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../config.js';
import { RecollectError } from '../errors.js';
import { putForgotten } from '../storage/forgotten-interaction.store.js';
import { deleteInteractions, unremember, type InteractionSelection } from '../storage/interaction-edit.store.js';
import { removeItemCounts } from '../storage/item-count.store.js';
import { deletePins } from '../storage/slot-pin.store.js';
import type { Actor, AuditAction } from './audit.js';
import { KeyedHash } from './keyed-hash.js';
import { LogEdits } from './log-edit.js';

export interface Forgotten {
  readonly count: number;
  /** ids that were asked for and that the user's log does not have */
  readonly missing: readonly string[];
}

@Injectable()
export class Forgetting {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly edits: LogEdits,
  ) {}

  /** Throws BAD_INPUT for a selection that selects by nothing: it would be everything. */
  async forgetInteractions(
    by: Actor,
    userId: string,
    selection: InteractionSelection,
    action: AuditAction = 'FORGET_INTERACTIONS',
  ): Promise<Forgotten> {
    if (Object.values(selection).every((part) => part === null)) {
      const remedy = 'name ids, items, kinds or times; to forget everything, reset the memory or erase the user';
      throw new RecollectError('BAD_INPUT', `what is to be forgotten is not said: ${remedy}`);
    }
    const removed = await this.edits.apply({
      ...{ by, action, userIds: [userId] },
      change: async (tx) => {
        const rows = await deleteInteractions(tx, userId, selection);
        return rows.length === 0 ? null : rows;
      },
      settle: async (tx, rows) => {
        const hash = await KeyedHash.load(tx, this.config);
        await putForgotten(
          tx,
          userId,
          rows.map(({ id }) => hash.ofInteraction(id)),
        );
        await removeItemCounts(tx, rows);
      },
      countsOf: (rows) => ({ interactions: rows.length }),
    });
    const gone = new Set(removed?.map(({ id }) => id));
    return { count: gone.size, missing: [...new Set(selection.ids)].filter((id) => !gone.has(id)) };
  }

  /**
   * Empties the memory. What arrived up to now stays in the log and enters no memory and no training any more; what arrives from now on
   * does, whenever it happened, and writes all slots: none is pinned any more, under no version. Returns how many interactions that leaves out.
   */
  async resetMemory(by: Actor, userId: string): Promise<number> {
    const reset = await this.edits.apply({
      ...{ by, action: 'RESET_MEMORY', userIds: [userId] },
      change: async (tx) => {
        const pins = await deletePins(tx, userId);
        const interactions = await unremember(tx, userId);
        return interactions + pins === 0 ? null : { interactions, pins };
      },
      settle: async () => Promise.resolve(),
      countsOf: (reset) => reset,
    });
    return reset?.interactions ?? 0;
  }
}
