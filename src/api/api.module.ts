import { Module } from '@nestjs/common';
import { GraphQLModule } from '@nestjs/graphql';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { DataSource } from 'typeorm';
import { AttributionModule } from '../attribution/attribution.module.js';
import { CONFIG } from '../config.js';
import { InteractionIntake } from '../ingest/interaction-intake.js';
import { MemoryModule } from '../memory/memory.module.js';
import { PromotionModule } from '../promotion/promotion.module.js';
import { RecommendModule } from '../recommend/recommend.module.js';
import { LOGGER } from '../telemetry.js';
import { TrainingModule } from '../training/training.module.js';
import { Access } from './access.js';
import { AccessModule } from './access.module.js';
import { graphqlOptions } from './graphql-options.js';
import { HealthModule } from './health.module.js';
import { resolvers } from './resolvers.js';
import { SubscriptionProtocol } from './subscription-protocol.js';
import { SubscriptionServer } from './subscription-server.js';

/** The GraphQL edge. The intake is the write path without Kafka, whose consumers this role does not have. */
@Module({
  imports: [
    AccessModule,
    AttributionModule,
    HealthModule,
    MemoryModule,
    PromotionModule,
    RecommendModule,
    TrainingModule,
    GraphQLModule.forRootAsync<ApolloDriverConfig>({
      driver: ApolloDriver,
      imports: [AccessModule],
      inject: [CONFIG, LOGGER, DataSource, Access],
      useFactory: graphqlOptions,
    }),
  ],
  providers: [InteractionIntake, SubscriptionProtocol, SubscriptionServer, ...resolvers],
})
export class ApiModule {}
