import { Query, Resolver } from '@nestjs/graphql';
import { DataSource } from 'typeorm';
import { listStandings } from '../storage/partition-status.store.js';
import { Scopes } from './access.js';
import { IngestStatus } from './ingest-status.type.js';

@Resolver(() => IngestStatus)
export class IngestStatusResolver {
  constructor(private readonly dataSource: DataSource) {}

  @Scopes('operator')
  @Query(() => IngestStatus, { description: 'How far the partitions of Kafka are, and what holds them up.' })
  async ingestStatus(): Promise<IngestStatus> {
    const standings = await listStandings(this.dataSource.manager);
    return {
      partitions: standings.map(({ errorCode: code, errorMessage: message, ...partition }) => ({
        ...partition,
        error: code === null || message === null ? null : { code, message },
      })),
    };
  }
}
