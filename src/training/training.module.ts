import { Module } from '@nestjs/common';
import { PromotionModule } from '../promotion/promotion.module.js';
import { Schedule } from './schedule.js';
import { trainerEntry } from './trainer-child.js';
import { TrainingQueue } from './training-queue.js';
import { TRAINER_ENTRY, TrainingRun } from './training-run.js';
import { TrainingWorker } from './training-worker.js';

/** Starting and cancelling trainings: for the API. */
@Module({ providers: [TrainingQueue], exports: [TrainingQueue] })
export class TrainingModule {}

/** Running them, by the queue and by the clock: for the roles train and all. */
@Module({
  imports: [TrainingModule, PromotionModule],
  providers: [TrainingRun, TrainingWorker, Schedule, { provide: TRAINER_ENTRY, useValue: trainerEntry }],
})
export class TrainerModule {}
