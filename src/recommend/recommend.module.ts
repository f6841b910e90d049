import { Global, Module } from '@nestjs/common';
import { PromotionModule } from '../promotion/promotion.module.js';
import { Answering } from './answering.js';
import { Catalogue } from './catalogue.js';
import { Following } from './following.js';
import { Popularity } from './popularity.js';
import { Profiles } from './profile.js';
import { Recommender } from './recommender.js';
import { SimilarItems } from './similar.js';

/** The read path. Global, so that health finds the catalogue in the processes that have one. */
@Global()
@Module({
  imports: [PromotionModule],
  providers: [Answering, Catalogue, Following, Popularity, Profiles, Recommender, SimilarItems],
  exports: [Answering, Catalogue, Profiles, Recommender, SimilarItems],
})
export class RecommendModule {}
