import { Module } from '@nestjs/common';
import { AccessModule } from './access.module.js';
import { HealthController } from './health.controller.js';

/** Health of any role. */
@Module({ imports: [AccessModule], controllers: [HealthController] })
export class HealthModule {}
