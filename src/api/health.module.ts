import { Module } from '@nestjs/common';
import { AccessModule } from './access.module.js';
import { HealthController } from './health.controller.js';
import { MetricsController } from './metrics.controller.js';

/** Health and figures of any role. */
@Module({ imports: [AccessModule], controllers: [HealthController, MetricsController] })
export class HealthModule {}
