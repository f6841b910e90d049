/** How interactions get in: through Kafka as a producer would send them, or through GraphQL where there is no broker. */
import { CompressionTypes, Kafka, logLevel } from 'kafkajs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../../config.js';
import { topicsOf } from '../../ingest/kafka-client.js';
import type { KafkaConsumer } from '../../ingest/kafka-consumer.js';
import type { GraphqlClient } from './graphql-client.js';
import type { Rating } from './movielens.js';

export interface Stream {
  readonly way: 'Kafka' | 'GraphQL';
  send(ratings: readonly Rating[]): Promise<void>;
  close(): Promise<void>;
}

export async function kafkaStream(config: Config): Promise<Stream> {
  const kafka = new Kafka({
    clientId: 'recollect-demo',
    brokers: [...(config.kafkaBrokers ?? [])],
    logLevel: logLevel.NOTHING,
  });
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  return {
    way: 'Kafka',
    send: async (ratings) => {
      await producer.send({
        topic: topicsOf(config).interactions,
        compression: CompressionTypes.GZIP,
        messages: ratings.map((rating) => ({ key: rating.userId, value: JSON.stringify(rating) })),
      });
    },
    close: async () => producer.disconnect(),
  };
}

interface Tracked {
  readonly trackInteractions: {
    readonly verdicts: readonly { readonly status: string; readonly error: { readonly message: string } | null }[];
  };
}

export function graphqlStream(client: GraphqlClient): Stream {
  return {
    way: 'GraphQL',
    send: async (ratings) => {
      const { trackInteractions } = await client.request<Tracked>(
        'mutation ($input: TrackInteractionsInput!) { trackInteractions(input: $input) { verdicts { status error { message } } } }',
        { input: { interactions: ratings } },
      );
      const refused = trackInteractions.verdicts.find(({ status }) => status === 'REFUSED');
      if (refused !== undefined) throw new Error(`an interaction was refused: ${refused.error?.message ?? ''}`);
    },
    close: async () => Promise.resolve(),
  };
}

/** A consumer that was killed keeps its place in the group until its session ends, and the next one waits for that. */
export async function untilConsuming(consumer: KafkaConsumer): Promise<void> {
  for (let waited = 0; ; waited += 100) {
    const { state, partitions } = consumer.status();
    const isClaimed = partitions.length > 0 && partitions.every(({ nextOffset }) => nextOffset !== null);
    if (state === 'OFF' || (state === 'RUNNING' && isClaimed)) return;
    if (waited === 3_000) process.stdout.write('  waiting for the place of an earlier consumer, at most 30 s\n');
    await sleep(100);
  }
}
