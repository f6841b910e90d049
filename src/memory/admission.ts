/**
 * What may enter. An interaction that was forgotten does not come back when it is delivered once more, which Kafka, a client that
 * tries again and a file that is imported twice all do; nothing of a user who was erased does. A memory that
 * is held was there when it was last written, and is checked when it is written again; so only users without are asked about, before
 * their memories are made and once more when they are. Hashes are made of what may be meant alone: of interactions of users of whom something was forgotten, and of users
 * without a memory, for an erased one has none.
 */
import type { EntityManager } from 'typeorm';
import type { Config } from '../config.js';
import { RecollectError } from '../errors.js';
import type { Interaction } from '../model/interaction.js';
import { editsOf } from '../storage/edited-user.store.js';
import { areErased, isAnyoneErased } from '../storage/erasure.store.js';
import { areForgotten } from '../storage/forgotten-interaction.store.js';
import { mergesOf } from '../storage/user-merge.store.js';
import type { HeldMemory, MemoryRow } from '../storage/user-memory.store.js';
import { deleteUsers, putUsers, type UserPut } from '../storage/user-profile.store.js';
import { KeyedHash } from './keyed-hash.js';

/** Whose memory was waited for and is gone then: nothing is locked. */
export function edited(): RecollectError {
  return new RecollectError(
    'USER_EDITED',
    'a user was merged or a memory taken away meanwhile; the work is tried again',
  );
}

export interface Admitted {
  /** those that may enter */
  readonly interactions: readonly Interaction[];
  /** of whom a slot is or was pinned */
  readonly pinnedUsers: readonly string[];
}

export class Admission {
  private hash: KeyedHash | null = null;

  constructor(private readonly config: Pick<Config, 'erasureKey'>) {}

  /** What comes under an id that was merged is the other user's. Asked before the lock. */
  async redirect<O extends { readonly interaction: Interaction }>(
    tx: EntityManager,
    offered: readonly O[],
  ): Promise<readonly O[]> {
    const merges = await mergesOf(tx, [...new Set(offered.map(({ interaction }) => interaction.userId))]);
    if (merges.size === 0) return offered;
    return offered.map((one) => {
      const userId = merges.get(one.interaction.userId);
      return userId === undefined ? one : { ...one, interaction: { ...one.interaction, userId } };
    });
  }

  /** `held`: the memories of their users; null: no model serves. */
  async admit(
    tx: EntityManager,
    interactions: readonly Interaction[],
    held: readonly MemoryRow[] | null,
  ): Promise<Admitted> {
    const userIds = [...new Set(interactions.map(({ userId }) => userId))];
    const remembered = new Set(
      held?.filter(({ interactionsApplied }) => interactionsApplied > 0).map(({ userId }) => userId),
    );
    const others = userIds.filter((userId) => !remembered.has(userId)); // nobody who was erased or merged has a memory
    const edits = await editsOf(tx, others, userIds);
    if (edits.isAnyMerged) throw edited();
    const erased = edits.isAnyoneErased ? await this.erasedOf(tx, others) : new Set<string>();
    const forgotten = await this.forgottenOf(tx, interactions, new Set(edits.forgetful));
    const pinnedUsers = edits.pinned;
    if (erased.size === 0 && forgotten.size === 0) return { interactions, pinnedUsers };
    const isIn = (one: Interaction): boolean => !erased.has(one.userId) && !forgotten.has(one);
    return { interactions: interactions.filter(isIn), pinnedUsers };
  }

  /** For memories as they are written: an edit that was made before one of the new ones was is seen here, and later ones wait. */
  async confirm(tx: EntityManager, memories: readonly HeldMemory[]): Promise<void> {
    const made = memories.filter(({ sequenceNumber }) => sequenceNumber === 1).map(({ userId }) => userId);
    if (made.length === 0) return;
    const { isAnyMerged, isAnyoneErased: mayBeErased } = await editsOf(tx, made, []);
    if (isAnyMerged || (mayBeErased && (await this.erasedOf(tx, made)).size > 0)) throw edited();
  }

  /** Puts profiles, but none of a user who was erased; returns the ids of those that this changed. */
  async putProfiles(tx: EntityManager, users: readonly UserPut[]): Promise<readonly string[]> {
    const changed = await putUsers(tx, users);
    // behind the put: an erasure waits for it, or is seen
    const mayBeErased = changed.length > 0 && (await isAnyoneErased(tx));
    const erased = mayBeErased ? await this.erasedOf(tx, changed) : new Set<string>();
    await deleteUsers(tx, [...erased]);
    return changed.filter((id) => !erased.has(id));
  }

  private async erasedOf(tx: EntityManager, userIds: readonly string[]): Promise<ReadonlySet<string>> {
    if (userIds.length === 0) return new Set();
    const hash = await this.loadHash(tx);
    const are = await areErased(
      tx,
      userIds.map((userId) => hash.ofUser(userId)),
    );
    return new Set(userIds.filter((_, at) => are[at]));
  }

  private async forgottenOf(
    tx: EntityManager,
    interactions: readonly Interaction[],
    forgetful: ReadonlySet<string>,
  ): Promise<ReadonlySet<Interaction>> {
    if (forgetful.size === 0) return new Set();
    const hash = await this.loadHash(tx);
    const asked = interactions.filter(({ userId }) => forgetful.has(userId));
    const keys = asked.map(({ userId, id }) => ({ userId, hash: hash.ofInteraction(id) }));
    const are = await areForgotten(tx, keys);
    return new Set(asked.filter((_, at) => are[at]));
  }

  private async loadHash(tx: EntityManager): Promise<KeyedHash> {
    return (this.hash ??= await KeyedHash.load(tx, this.config));
  }
}
