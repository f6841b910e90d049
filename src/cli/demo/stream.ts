/** How interactions get in: through Kafka as a producer would send them, or through GraphQL where there is no broker. */
import { CompressionTypes, Kafka, logLevel } from 'kafkajs';
import type { Config } from '../../config.js';
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
        topic: `${config.kafkaTopicPrefix}interactions`,
        compression: CompressionTypes.GZIP,
        messages: ratings.map((rating) => ({ key: rating.userId, value: JSON.stringify(rating) })),
      });
    },
    close: async () => producer.disconnect(),
  };
}

interface Tracked {
  readonly trackInteractions: {
    readonly verdicts: readonly { readonly status: string; readonly message: string | null }[];
  };
}

export function graphqlStream(client: GraphqlClient): Stream {
  return {
    way: 'GraphQL',
    send: async (ratings) => {
      const { trackInteractions } = await client.request<Tracked>(
        'mutation ($input: TrackInteractionsInput!) { trackInteractions(input: $input) { verdicts { status message } } }',
        { input: { interactions: ratings } },
      );
      const refused = trackInteractions.verdicts.find(({ status }) => status === 'REFUSED');
      if (refused !== undefined) throw new Error(`an interaction was refused: ${refused.message ?? ''}`);
    },
    close: async () => Promise.resolve(),
  };
}
