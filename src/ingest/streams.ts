/** The topics and where what they carry goes: interactions into the memories, changes of items into the catalogue, of users into their profiles. */
import { Inject, Injectable } from '@nestjs/common';
import type { Admin, Producer } from 'kafkajs';
import { DataSource } from 'typeorm';
import { CONFIG, type Config } from '../config.js';
import { Admission } from '../memory/admission.js';
import { MemoryWriter } from '../memory/memory-writer.js';
import { refusalsOf } from '../memory/unknown.js';
import type { Interaction } from '../model/interaction.js';
import type { Position } from '../storage/consumer-progress.store.js';
import { putDeadLetters } from '../storage/dead-letter.store.js';
import { Metrics } from '../telemetry.js';
import { deleteItems, putItems, type ItemPut } from '../storage/item.store.js';
import { deleteUsers, type UserPut } from '../storage/user-profile.store.js';
import { batchApplier, type ApplyBatch, type Stream } from './batch.js';
import { DeadLetters } from './dead-letter.js';
import { interactionReading, isKeyOther, readInteractionMessage } from './interaction-message.js';
import { readItemMessage } from './item-message.js';
import { applyKeyedChanges, type KeyedChange, type KeyedStore } from './keyed-change.js';
import { topicsOf } from './kafka-client.js';
import type { Message } from './message.js';
import { readUserMessage } from './user-message.js';

@Injectable()
export class Streams {
  /** of this process */
  readonly counts = { deadLetters: 0, otherKeys: 0 };

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly memoryWriter: MemoryWriter,
    private readonly dataSource: DataSource,
    private readonly metrics: Metrics,
  ) {}

  /** By topic. */
  appliers(producer: Producer, admin: Admin): ReadonlyMap<string, ApplyBatch> {
    const topics = topicsOf(this.config);
    const admission = new Admission(this.config);
    const deadLetters = new DeadLetters(
      producer,
      admin,
      async (rows) => putDeadLetters(this.dataSource.manager, rows),
      (sent) => {
        this.counts.deadLetters += sent.length;
        for (const { message, code } of sent)
          this.metrics.refused.inc({ topic: message.topic, partition: message.partition, code });
      },
    );
    return new Map([
      [topics.interactions, batchApplier(this.interactions(), deadLetters)],
      [topics.items, batchApplier(this.keyed(this.readItem, { put: putItems, delete: deleteItems }), deadLetters)],
      [
        topics.users,
        batchApplier(
          this.keyed(this.readUser, { put: async (tx, puts) => admission.putProfiles(tx, puts), delete: deleteUsers }),
          deadLetters,
        ),
      ],
    ]);
  }

  private interactions(): Stream<readonly Interaction[]> {
    const reading = interactionReading(this.config);
    const envelopes = this.config.kafkaEnvelopes;
    return {
      read: (message) => {
        const interactions = readInteractionMessage(message, reading, envelopes.interactions, Date.now());
        if (interactions.some((interaction) => isKeyOther(message, interaction))) {
          this.counts.otherKeys += 1;
          this.metrics.otherKeys.inc();
        }
        return interactions;
      },
      refuse: async (values) => {
        const refusals = await refusalsOf(this.dataSource.manager, this.config, values.flat());
        return new Map(
          values.flatMap((value) => {
            const [error] = value.flatMap((interaction) => refusals.get(interaction) ?? []);
            return error === undefined ? [] : [[value, error] as const];
          }),
        );
      },
      write: async (values, position) => {
        const offered = values.flatMap(({ value, offset }) => value.map((interaction) => ({ interaction, offset })));
        const verdicts = await this.memoryWriter.apply(offered, position);
        const accepted = verdicts.filter((verdict) => verdict === 'ACCEPTED').length;
        this.count(position, accepted, verdicts.length - accepted);
      },
    };
  }

  private readonly readItem = (message: Message): KeyedChange<ItemPut> =>
    readItemMessage(message, this.config.itemVectorLength, this.config.kafkaEnvelopes.items);

  private readonly readUser = (message: Message): KeyedChange<UserPut> =>
    readUserMessage(message, this.config.kafkaEnvelopes.users);

  private keyed<P>(read: (message: Message) => KeyedChange<P>, store: KeyedStore<P>): Stream<KeyedChange<P>> {
    return {
      read,
      write: async (values, position) => {
        await applyKeyedChanges(this.dataSource, store, values, position);
        this.count(position, values.length, 0);
      },
    };
  }

  private count({ topic, partition }: Position, applied: number, duplicates: number): void {
    this.metrics.applied.inc({ topic, partition }, applied);
    this.metrics.duplicates.inc({ topic, partition }, duplicates);
  }
}
