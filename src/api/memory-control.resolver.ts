import { Inject } from '@nestjs/common';
import { Args, Context, Mutation, Resolver } from '@nestjs/graphql';
import { DataSource } from 'typeorm';
import { CONFIG, type Config } from '../config.js';
import { RecollectError } from '../errors.js';
import { recordAct } from '../memory/audit.js';
import { Erasure } from '../memory/erasure.js';
import { Forgetting } from '../memory/forgetting.js';
import { Merging } from '../memory/merging.js';
import { SlotForgetting } from '../memory/slot-forgetting.js';
import { SlotPinning } from '../memory/slot-pinning.js';
import { exportBeside, exportLog } from '../memory/user-export.js';
import { ofInput, Scopes } from './access.js';
import { badInput, checkId } from './arguments.js';
import { readSelection } from './interaction-selection.js';
import {
  EraseUserInput,
  EraseUserPayload,
  ExportUserInput,
  ExportUserPayload,
  ForgetInteractionsInput,
  ForgetInteractionsPayload,
  ForgetSlotInput,
  ForgetSlotPayload,
  MergeUsersInput,
  MergeUsersPayload,
  PinSlotInput,
  PinSlotPayload,
  ResetMemoryInput,
  ResetMemoryPayload,
} from './memory-control.type.js';
import type { RequestContext } from './request-context.js';

/** Interactions of one export; more are a file. */
const mostExported = 20_000;

@Resolver()
export class MemoryControlResolver {
  constructor(
    private readonly forgetting: Forgetting,
    private readonly erasure: Erasure,
    private readonly merging: Merging,
    private readonly slots: SlotForgetting,
    private readonly pinning: SlotPinning,
    private readonly dataSource: DataSource,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Scopes('privacy', ofInput)
  @Mutation(() => ForgetInteractionsPayload, {
    nullable: true,
    description:
      'Takes interactions out of log, counts and memories, at once: the memory then equals, bit for bit, one that never saw them. ' +
      'Delivered once more they are not taken.',
  })
  async forgetInteractions(
    @Args('input', { description: 'Which interactions, and whose.' }) input: ForgetInteractionsInput,
    @Context() { actor }: RequestContext,
  ): Promise<ForgetInteractionsPayload> {
    const userId = checkId(input.userId, 'userId');
    const selection = readSelection(input);
    const { count, missing } = await this.forgetting.forgetInteractions(actor, userId, selection);
    const places = new Map((selection.ids ?? []).map((id, index): [string, number] => [id, index]).reverse());
    return {
      forgotten: count,
      userErrors: missing.map((id) => ({
        code: 'NOT_FOUND',
        field: `ids[${places.get(id) ?? 0}]`,
        message: 'the user has no interaction with this id',
      })),
    };
  }

  @Scopes('privacy', ofInput)
  @Mutation(() => ForgetSlotPayload, {
    nullable: true,
    description:
      'Forgets the interactions that fill a slot, as `forgetInteractions` does, and says which. The slot is then filled by what is left of the ' +
      'log, as all are.',
  })
  async forgetSlot(
    @Args('input', { description: 'Which slot, whose, and how much of it.' })
    { userId, slot, part, dryRun }: ForgetSlotInput,
    @Context() { actor }: RequestContext,
  ): Promise<ForgetSlotPayload> {
    if (!(part > 0 && part <= 1)) throw badInput('part', `must be more than 0 and at most 1, not ${part}`);
    const { count, ...rest } = await this.slots.forgetSlot(actor, checkId(userId, 'userId'), { slot, part }, dryRun);
    return { forgotten: count, ...rest };
  }

  @Scopes('privacy', ofInput)
  @Mutation(() => PinSlotPayload, {
    nullable: true,
    description:
      'Pins a slot, or with `pinned: false` pins it no more: from then on no interaction changes it, but one that happened before the newest of ' +
      'then and comes late. It holds for the model that serves; slots of another one are others. Done once more it changes nothing.',
  })
  async pinSlot(
    @Args('input', { description: 'Which slot, whose, and whether it is to be pinned.' })
    { userId, slot, pinned }: PinSlotInput,
    @Context() { actor }: RequestContext,
  ): Promise<PinSlotPayload> {
    return this.pinning.pinSlot(actor, checkId(userId, 'userId'), slot, pinned);
  }

  @Scopes('privacy', ofInput)
  @Mutation(() => ResetMemoryPayload, {
    nullable: true,
    description:
      'Empties the memory, at once. What has arrived stays in the log, for pages of it, seen items and popularity, and enters no ' +
      'memory, reason or training any more; what arrives later does, whenever it happened. No slot is pinned any more.',
  })
  async resetMemory(
    @Args('input', { description: 'Whose memory.' }) input: ResetMemoryInput,
    @Context() { actor }: RequestContext,
  ): Promise<ResetMemoryPayload> {
    return { leftOut: await this.forgetting.resetMemory(actor, checkId(input.userId, 'userId')) };
  }

  @Scopes('privacy')
  @Mutation(() => MergeUsersPayload, {
    nullable: true,
    description:
      'Joins the history of one id to that of another, at once, in the order in which it happened: the memory equals that of one user ' +
      'who did it all. What comes under the old id later goes to the user too. It cannot be undone.',
  })
  async mergeUsers(
    @Args('input', { description: 'Which id ends, and in which user it goes on.' }) { from, into }: MergeUsersInput,
    @Context() { actor }: RequestContext,
  ): Promise<MergeUsersPayload> {
    return this.merging.mergeUsers(actor, checkId(from, 'from'), checkId(into, 'into'));
  }

  @Scopes('privacy', ofInput)
  @Mutation(() => EraseUserPayload, {
    nullable: true,
    description:
      'Erases a user: log, counts, memories of every version, profile, answers, dead letters. What is left is a keyed hash of the id, by which ' +
      'nothing of the user is taken again. Once more it erases what came since.',
  })
  async eraseUser(
    @Args('input', { description: 'Who.' }) input: EraseUserInput,
    @Context() { actor }: RequestContext,
  ): Promise<EraseUserPayload> {
    const { receipt, ...counts } = await this.erasure.eraseUser(actor, checkId(input.userId, 'userId'));
    return { ...counts, receipt: { hash: receipt.hash.toString('hex'), erasedAt: receipt.erasedAt } };
  }

  @Scopes('privacy', ofInput)
  @Mutation(() => ExportUserPayload, {
    nullable: true,
    description:
      'All that is held of a user, at one moment. Changes nothing; a long log is exported on the command line.',
  })
  async exportUser(
    @Args('input', { description: 'Who.' }) input: ExportUserInput,
    @Context() { actor }: RequestContext,
  ): Promise<ExportUserPayload> {
    const userId = checkId(input.userId, 'userId');
    const data = await this.dataSource.transaction('REPEATABLE READ', async (tx) => {
      const interactions: unknown[] = [];
      for await (const page of exportLog(tx, userId)) {
        interactions.push(...page);
        if (interactions.length > mostExported) {
          const remedy = 'use `recollect users export`';
          throw new RecollectError('LIMIT_EXCEEDED', `the user has more than ${mostExported} interactions: ${remedy}`);
        }
      }
      return { ...(await exportBeside(tx, userId)), interactions };
    });
    const counts = { interactions: data.interactions.length };
    await this.dataSource.transaction(async (tx) =>
      recordAct(tx, this.config, { by: actor, action: 'EXPORT_USER', userIds: [userId], counts }),
    );
    return { data };
  }
}
