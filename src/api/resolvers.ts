/** All resolvers: what the module serves and what the schema file is printed from. */
import { AttributionResolver } from './attribution.resolver.js';
import { AuditLogResolver } from './audit-log.resolver.js';
import { ExperimentResolver } from './experiment.resolver.js';
import { IngestStatusResolver } from './ingest-status.resolver.js';
import { InteractionResolver } from './interaction.resolver.js';
import {
  BecauseItemResolver,
  InteractionItemResolver,
  ItemShareItemResolver,
  SlotInteractionItemResolver,
} from './item-field.resolver.js';
import { ItemResolver } from './item.resolver.js';
import { ItemsResolver } from './items.resolver.js';
import { MemoryControlResolver } from './memory-control.resolver.js';
import { MemorySlotResolver, SlotMomentResolver } from './memory-slot.resolver.js';
import { ModelResolver } from './model.resolver.js';
import { RankItemsResolver } from './rank-items.resolver.js';
import { RecommendationsResolver, RecommendedItemResolver } from './recommendations.resolver.js';
import { SubscriptionResolver } from './subscription.resolver.js';
import { TrainingRunResolver } from './training-run.resolver.js';
import { UserResolver } from './user.resolver.js';
import { UserTokenResolver } from './user-token.resolver.js';

export const resolvers = [
  AttributionResolver,
  AuditLogResolver,
  BecauseItemResolver,
  ExperimentResolver,
  IngestStatusResolver,
  InteractionItemResolver,
  InteractionResolver,
  ItemResolver,
  ItemShareItemResolver,
  ItemsResolver,
  MemoryControlResolver,
  MemorySlotResolver,
  ModelResolver,
  RankItemsResolver,
  RecommendationsResolver,
  RecommendedItemResolver,
  SlotInteractionItemResolver,
  SlotMomentResolver,
  SubscriptionResolver,
  TrainingRunResolver,
  UserResolver,
  UserTokenResolver,
];
