import { Global, Module } from '@nestjs/common';
import { PromotionModule } from '../promotion/promotion.module.js';
import { Answering } from './answering.js';
import { Catalogue } from './catalogue.js';
import { Following } from './following.js';
import { ItemList } from './item-list.js';
import { Pages } from './pages.js';
import { Popularity } from './popularity.js';
import { Profiles } from './profile.js';
import { RankItems } from './rank-items.js';
import { Recommender } from './recommender.js';
import { SimilarItems } from './similar.js';
import { Standings } from './standing.js';

/** The read path. Global, so that health finds the catalogue in the processes that have one. */
@Global()
@Module({
  imports: [PromotionModule],
  providers: [
    Answering,
    Catalogue,
    Following,
    ItemList,
    Pages,
    Popularity,
    Profiles,
    RankItems,
    Recommender,
    SimilarItems,
    Standings,
  ],
  exports: [Answering, Catalogue, ItemList, Pages, Profiles, RankItems, Recommender, SimilarItems],
})
export class RecommendModule {}
