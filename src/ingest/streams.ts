/** The topics and where what they carry goes: interactions into the memories, changes of items into the catalogue. */
import { Inject, Injectable } from '@nestjs/common';
import type { Admin, Producer } from 'kafkajs';
import { DataSource } from 'typeorm';
import { CONFIG, type Config } from '../config.js';
import { MemoryWriter } from '../memory/memory-writer.js';
import type { Interaction } from '../model/interaction.js';
import type { Position } from '../storage/consumer-progress.store.js';
import { putDeadLetters } from '../storage/dead-letter.store.js';
import { Metrics } from '../telemetry.js';
import { batchApplier, type ApplyBatch, type Stream } from './batch.js';
import { DeadLetters } from './dead-letter.js';
import { interactionRules, isKeyOther, readInteractionMessage } from './interaction-message.js';
import { readItemMessage, type ItemChange } from './item-message.js';
import { ItemWriter } from './item-writer.js';
import { topicsOf } from './kafka-client.js';

@Injectable()
export class Streams {
  /** of this process */
  readonly counts = { deadLetters: 0, otherKeys: 0 };

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly memoryWriter: MemoryWriter,
    private readonly itemWriter: ItemWriter,
    private readonly dataSource: DataSource,
    private readonly metrics: Metrics,
  ) {}

  /** By topic. */
  appliers(producer: Producer, admin: Admin): ReadonlyMap<string, ApplyBatch> {
    const topics = topicsOf(this.config);
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
      [topics.items, batchApplier(this.items(), deadLetters)],
    ]);
  }

  private interactions(): Stream<Interaction> {
    const rules = interactionRules(this.config);
    return {
      read: (message) => {
        const interaction = readInteractionMessage(message, rules, Date.now());
        if (isKeyOther(message, interaction)) {
          this.counts.otherKeys += 1;
          this.metrics.otherKeys.inc();
        }
        return interaction;
      },
      write: async (values, position) => {
        const offered = values.map(({ value, offset }) => ({ interaction: value, offset }));
        const verdicts = await this.memoryWriter.apply(offered, position);
        const accepted = verdicts.filter((verdict) => verdict === 'ACCEPTED').length;
        this.count(position, accepted, verdicts.length - accepted);
      },
    };
  }

  private items(): Stream<ItemChange> {
    return {
      read: (message) => readItemMessage(message, this.config.itemVectorLength),
      write: async (values, position) => {
        const changes = values.map(({ value, offset }) => ({ change: value, offset }));
        await this.itemWriter.apply(changes, position);
        this.count(position, changes.length, 0);
      },
    };
  }

  private count({ topic, partition }: Position, applied: number, duplicates: number): void {
    this.metrics.applied.inc({ topic, partition }, applied);
    this.metrics.duplicates.inc({ topic, partition }, duplicates);
  }
}
