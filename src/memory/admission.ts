/**
 * What may enter the log. An interaction that was forgotten does not come back when it is delivered once more, which Kafka, a
 * client that tries again and a file that is imported twice all do. Asked under the lock of the users' memories.
 */
import type { EntityManager } from 'typeorm';
import type { Config } from '../config.js';
import type { Interaction } from '../model/interaction.js';
import { areForgotten, usersWithForgotten } from '../storage/forgotten-interaction.store.js';
import { KeyedHash } from './keyed-hash.js';

export class Admission {
  private hash: KeyedHash | null = null;

  constructor(private readonly config: Pick<Config, 'erasureKey'>) {}

  /** Those that may enter. */
  async admit(tx: EntityManager, interactions: readonly Interaction[]): Promise<readonly Interaction[]> {
    const forgetful = await usersWithForgotten(tx, [...new Set(interactions.map(({ userId }) => userId))]);
    if (forgetful.size === 0) return interactions;
    const hash = (this.hash ??= await KeyedHash.load(tx, this.config));
    const asked = interactions.filter(({ userId }) => forgetful.has(userId));
    const keys = asked.map(({ userId, id }) => ({ userId, hash: hash.ofInteraction(id) }));
    const are = await areForgotten(tx, keys);
    const forgotten = new Set(asked.filter((_, at) => are[at]));
    return interactions.filter((interaction) => !forgotten.has(interaction));
  }
}
