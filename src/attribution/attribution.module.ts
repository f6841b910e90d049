import { Module } from '@nestjs/common';
import { Attribution } from './attribution.js';
import { ImpressionLog } from './impression-log.js';
import { ImpressionRetention } from './impression-retention.js';

/** What was answered, and what it led to. */
@Module({
  providers: [Attribution, ImpressionLog, ImpressionRetention],
  exports: [Attribution, ImpressionLog],
})
export class AttributionModule {}
