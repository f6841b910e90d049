import { Module } from '@nestjs/common';
import { GraphQLModule } from '@nestjs/graphql';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { DataSource } from 'typeorm';
import { CONFIG } from '../config.js';
import { IngestModule } from '../ingest/ingest.module.js';
import { PromotionModule } from '../promotion/promotion.module.js';
import { RecommendModule } from '../recommend/recommend.module.js';
import { LOGGER } from '../telemetry.js';
import { TrainingModule } from '../training/training.module.js';
import { Access } from './access.js';
import { AccessModule } from './access.module.js';
import { graphqlOptions } from './graphql-options.js';
import { HealthController } from './health.controller.js';
import { resolvers } from './resolvers.js';

/** The GraphQL edge and health. */
@Module({
  imports: [
    AccessModule,
    IngestModule,
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
  controllers: [HealthController],
  providers: resolvers,
})
export class ApiModule {}
