import { Inject } from '@nestjs/common';
import { Args, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { ImpressionLog } from '../attribution/impression-log.js';
import { CONFIG, type Config } from '../config.js';
import type { Answer, LeftOut } from '../recommend/answer.js';
import { RankItems } from '../recommend/rank-items.js';
import { ofInput, Scopes } from './access.js';
import { checkCount, checkId } from './arguments.js';
import { LeftOutItem, RankItemsInput } from './rank-items.type.js';
import { Recommendations } from './recommendations.type.js';
import { seenOf, wantedOf, whoOf } from './wish.js';

const mostCandidates = 1_000;

@Resolver(() => Recommendations)
export class RankItemsResolver {
  constructor(
    private readonly ranking: RankItems,
    private readonly impressions: ImpressionLog,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Scopes('reader', ofInput)
  @Query(() => Recommendations, {
    description:
      'Given items in the order for a user, or for a visitor: all of them that may be answered, each once, by the scores that ' +
      '`recommendations` would give. What is not scored comes behind, the popular first.',
  })
  async rankItems(
    @Args('input', { description: 'Which items, and for whom.' }) input: RankItemsInput,
  ): Promise<Answer> {
    checkCount(input.itemIds, mostCandidates, 'itemIds');
    const itemIds = input.itemIds.map((id, place) => checkId(id, `itemIds[${place}]`));
    const wish = { seen: seenOf(input, this.config), wanted: wantedOf(input) };
    const who = whoOf(input, this.config);
    if ('userId' in who) {
      const answer = await this.ranking.forUser(who.userId, itemIds, wish);
      return this.impressions.noted(answer, 'RANK_ITEMS', who.userId);
    }
    const answer = await this.ranking.forSession(who.sequence, itemIds, wish);
    return this.impressions.noted(answer, 'RANK_ITEMS', null);
  }

  @ResolveField(() => [LeftOutItem], {
    description: 'Of `rankItems`: given items that have no place, and why; of other queries empty.',
  })
  leftOut(@Parent() answer: Answer): readonly LeftOut[] {
    return answer.leftOut ?? [];
  }
}
