import { Global, Module } from '@nestjs/common';
import { NETWORK_SOURCE } from '../memory/network-source.js';
import { Challenger } from './challenger.js';
import { Experiments } from './experiments.js';
import { LiveModel } from './live-model.js';
import { Promotion } from './promotion.js';

/** What serves. Global, because `memory` asks for the network by a token and may not know who provides it. */
@Global()
@Module({
  providers: [Challenger, Experiments, LiveModel, Promotion, { provide: NETWORK_SOURCE, useExisting: LiveModel }],
  exports: [Experiments, LiveModel, Promotion, NETWORK_SOURCE],
})
export class PromotionModule {}
