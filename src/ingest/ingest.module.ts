import { Module } from '@nestjs/common';
import { MemoryModule } from '../memory/memory.module.js';
import { PromotionModule } from '../promotion/promotion.module.js';
import { DeadLetterRetention } from './dead-letter-retention.js';
import { KafkaConsumer } from './kafka-consumer.js';
import { Streams } from './streams.js';

/** The consumer of Kafka: what the role `ingest` needs. It starts with the application and stops with it. */
@Module({
  imports: [PromotionModule, MemoryModule],
  providers: [DeadLetterRetention, Streams, KafkaConsumer],
  exports: [KafkaConsumer],
})
export class IngestModule {}
