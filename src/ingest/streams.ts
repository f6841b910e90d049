/** The topics and where what they carry goes: interactions into the memories, changes of items into the catalogue, of users into their profiles. */
import { Inject, Injectable } from '@nestjs/common';
import type { Admin, Producer } from 'kafkajs';
import { CONFIG, type Config } from '../config.js';
import { DataSource } from 'typeorm';
import { MemoryWriter } from '../memory/memory-writer.js';
import type { Interaction } from '../model/interaction.js';
import { deleteItems, putItems, type ItemPut } from '../storage/item.store.js';
import { deleteUsers, putUsers, type UserPut } from '../storage/user-profile.store.js';
import { batchApplier, type ApplyBatch, type Stream } from './batch.js';
import { DeadLetters } from './dead-letter.js';
import { interactionReading, isKeyOther, readInteractionMessage } from './interaction-message.js';
import { readItemMessage } from './item-message.js';
import { applyKeyedChanges, type KeyedChange } from './keyed-change.js';
import { topicsOf } from './kafka-client.js';
import { readUserMessage } from './user-message.js';

@Injectable()
export class Streams {
  /** of this process */
  readonly counts = { deadLetters: 0, otherKeys: 0 };

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly memoryWriter: MemoryWriter,
    private readonly dataSource: DataSource,
  ) {}

  /** By topic. */
  appliers(producer: Producer, admin: Admin): ReadonlyMap<string, ApplyBatch> {
    const topics = topicsOf(this.config);
    const deadLetters = new DeadLetters(producer, admin, (sent) => (this.counts.deadLetters += sent));
    return new Map([
      [topics.interactions, batchApplier(this.interactions(), deadLetters)],
      [topics.items, batchApplier(this.items(), deadLetters)],
      [topics.users, batchApplier(this.users(), deadLetters)],
    ]);
  }

  private interactions(): Stream<readonly Interaction[]> {
    const reading = interactionReading(this.config);
    const envelopes = this.config.kafkaEnvelopes;
    return {
      read: (message) => {
        const interactions = readInteractionMessage(message, reading, envelopes.interactions, Date.now());
        if (interactions.some((interaction) => isKeyOther(message, interaction))) this.counts.otherKeys += 1;
        return interactions;
      },
      write: async (values, position) => {
        const offered = values.flatMap(({ value, offset }) => value.map((interaction) => ({ interaction, offset })));
        await this.memoryWriter.apply(offered, position);
      },
    };
  }

  private items(): Stream<KeyedChange<ItemPut>> {
    return {
      read: (message) => readItemMessage(message, this.config.itemVectorLength, this.config.kafkaEnvelopes.items),
      write: async (values, position) =>
        applyKeyedChanges(this.dataSource, { put: putItems, delete: deleteItems }, values, position),
    };
  }

  private users(): Stream<KeyedChange<UserPut>> {
    return {
      read: (message) => readUserMessage(message, this.config.kafkaEnvelopes.users),
      write: async (values, position) =>
        applyKeyedChanges(this.dataSource, { put: putUsers, delete: deleteUsers }, values, position),
    };
  }
}
