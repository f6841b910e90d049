/**
 * Events of items and users that nobody has put: what the settings say becomes of them.
 *
 *   accept    logged, counted and remembered as they are; neither catalogue nor profiles change
 *   create    so too, and in the same transaction the item or user gets a row that is marked incomplete until it is put
 *   refuse    nothing of them is written; each is told what is missing
 *
 * An item is known from its first put on, deleted ones too; a user while there is a profile. A visitor, who is known by a session
 * alone, has no profile to wait for and is never unknown.
 */
import type { EntityManager } from 'typeorm';
import type { Config } from '../config.js';
import { RecollectError } from '../errors.js';
import { isVisitor, visitorPrefix, type Interaction } from '../model/interaction.js';
import { addIncompleteItems, addIncompleteItemsOfLog, unknownItems } from '../storage/item.store.js';
import { addIncompleteUsers, addIncompleteUsersOfLog, unknownUsers } from '../storage/user-profile.store.js';

export type UnknownRules = Pick<Config, 'unknownItems' | 'unknownUsers'>;

/** Why each of those that are refused is. Asked before anything is written: a dead letter must be kept before its offset passes. */
export async function refusalsOf(
  tx: EntityManager,
  rules: UnknownRules,
  interactions: readonly Interaction[],
): Promise<ReadonlyMap<Interaction, RecollectError>> {
  const items = new Set(rules.unknownItems === 'refuse' ? await unknownItems(tx, itemsOf(interactions)) : []);
  const users = new Set(rules.unknownUsers === 'refuse' ? await unknownUsers(tx, usersOf(interactions)) : []);
  const refusals = new Map<Interaction, RecollectError>();
  for (const interaction of interactions) {
    if (items.has(interaction.itemId)) refusals.set(interaction, unknownItem);
    else if (users.has(interaction.userId)) refusals.set(interaction, unknownUser);
  }
  return refusals;
}

/** Rows for what is unknown of these, where the settings ask for them. */
export async function createUnknown(
  tx: EntityManager,
  rules: UnknownRules,
  interactions: readonly Interaction[],
): Promise<void> {
  if (rules.unknownItems === 'create') await addIncompleteItems(tx, itemsOf(interactions));
  if (rules.unknownUsers === 'create') await addIncompleteUsers(tx, usersOf(interactions));
}

/** The same for a log as a whole. */
export async function createUnknownOfLog(tx: EntityManager, rules: UnknownRules): Promise<void> {
  if (rules.unknownItems === 'create') await addIncompleteItemsOfLog(tx);
  if (rules.unknownUsers === 'create') await addIncompleteUsersOfLog(tx, visitorPrefix);
}

function itemsOf(interactions: readonly Interaction[]): readonly string[] {
  return [...new Set(interactions.map(({ itemId }) => itemId))];
}

function usersOf(interactions: readonly Interaction[]): readonly string[] {
  return [...new Set(interactions.map(({ userId }) => userId))].filter((userId) => !isVisitor(userId));
}

const unknownItem = new RecollectError(
  'UNKNOWN_ITEM',
  'the item is not in the catalogue and RECOLLECT_UNKNOWN_ITEMS is refuse: put the item, then send the event again',
  { field: 'itemId' },
);
const unknownUser = new RecollectError(
  'UNKNOWN_USER',
  'the user has no profile and RECOLLECT_UNKNOWN_USERS is refuse: put the user, then send the event again',
  { field: 'userId' },
);
