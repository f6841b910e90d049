import { Inject } from '@nestjs/common';
import { Args, Int, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { ImpressionLog } from '../attribution/impression-log.js';
import { CONFIG, type Config } from '../config.js';
import type { Answer, AttendedInteraction, RankedItem } from '../recommend/answer.js';
import { Answering } from '../recommend/answering.js';
import { Recommender, type SessionInteraction } from '../recommend/recommender.js';
import { SimilarItems } from '../recommend/similar.js';
import { Scopes } from './access.js';
import { badInput, checkCount, checkFirst, checkId, checkKind, checkTime } from './arguments.js';
import { becauseCost } from './query-cost.js';
import {
  Because,
  PopularItemsInput,
  Recommendations,
  RecommendationsInput,
  RecommendedItem,
  SimilarItemsInput,
  type SessionInteractionInput,
} from './recommendations.type.js';

/** Longest list of a visitor. */
const longestSession = 500;
const longestWindow = 3_650;

const becauseArgument = {
  name: 'first',
  type: () => Int,
  defaultValue: 3,
  description: 'Interactions to name, 1 to 100.',
} as const;

/** An item that knows the answer it is in. */
type AnsweredItem = RankedItem & Pick<Answer, 'because'>;

@Resolver(() => Recommendations)
export class RecommendationsResolver {
  constructor(
    private readonly recommender: Recommender,
    private readonly answering: Answering,
    private readonly similar: SimilarItems,
    private readonly impressions: ImpressionLog,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Scopes('reader')
  @Query(() => Recommendations, {
    description: 'What a user, or a visitor, should see next. Everybody gets an answer; it says what it rests on.',
  })
  async recommendations(@Args('input') input: RecommendationsInput): Promise<Answer> {
    const { userId, interactions, excludeSeen } = input;
    const wish = { first: checkFirst(input.first), excludeSeen };
    const hasUser = userId !== null && userId !== undefined;
    const hasList = interactions !== null && interactions !== undefined;
    if (hasUser === hasList) throw badInput('input', 'give either userId or interactions');
    if (hasUser) {
      const answer = await this.recommender.forUser(checkId(userId, 'userId'), wish);
      return this.impressions.noted(answer, 'RECOMMENDATIONS', userId);
    }
    const answer = await this.recommender.forSession(this.sequenceOf(interactions ?? []), wish);
    return this.impressions.noted(answer, 'RECOMMENDATIONS', null);
  }

  @Scopes('reader')
  @Query(() => Recommendations, { description: 'Items near to an item, by what users do and by what items are.' })
  async similarItems(@Args('input') { itemId, first }: SimilarItemsInput): Promise<Answer> {
    const answer = await this.similar.to(checkId(itemId, 'itemId'), checkFirst(first));
    return this.impressions.noted(answer, 'SIMILAR_ITEMS', null);
  }

  @Scopes('reader')
  @Query(() => Recommendations, { description: 'The items with the most interactions, weighted by kind.' })
  async popularItems(
    @Args('input', { defaultValue: { first: 10 } }) { first, windowDays, kinds }: PopularItemsInput,
  ): Promise<Answer> {
    const days = windowDays ?? null;
    if (days !== null && (days < 1 || days > longestWindow)) {
      throw badInput('windowDays', `must be from 1 to ${longestWindow}, not ${days}`);
    }
    for (const kind of kinds ?? []) checkKind(kind, 'kinds', this.config);
    const answer = await this.answering.popularItems(checkFirst(first), days, kinds ?? null);
    return this.impressions.noted(answer, 'POPULAR_ITEMS', null);
  }

  @ResolveField('items')
  items(@Parent() answer: Answer): readonly AnsweredItem[] {
    return answer.items.map((item) => ({ ...item, because: answer.because }));
  }

  @ResolveField(() => [Because], {
    description:
      'The past interactions that the items placed by MEMORY, SESSION or CONTENT rest on: by their influence on the scores of these items, ' +
      'the mean over them. Costs a replay of the interactions, once an answer, and only where it is asked for.',
    complexity: becauseCost,
  })
  async because(
    @Parent() answer: Answer,
    @Args(becauseArgument) first: number,
  ): Promise<readonly AttendedInteraction[]> {
    const all = checkFirst(first);
    const items = answer.items.filter(restsOnReasons).map(({ item }) => item.id);
    return (await answer.because()).of(items).slice(0, all);
  }

  private sequenceOf(interactions: readonly SessionInteractionInput[]): readonly SessionInteraction[] {
    checkCount(interactions, longestSession, 'interactions');
    const sequence = interactions.map(({ itemId, kind, occurredAt }, place) => {
      const field = `interactions[${place}]`;
      return {
        itemId: checkId(itemId, `${field}.itemId`),
        kind: checkKind(kind, `${field}.kind`, this.config),
        occurredAt: checkTime(occurredAt, `${field}.occurredAt`),
      };
    });
    const times = sequence.map(({ occurredAt }) => occurredAt?.getTime() ?? NaN);
    return times.some(Number.isNaN)
      ? sequence
      : sequence.toSorted((a, b) => (a.occurredAt?.getTime() ?? 0) - (b.occurredAt?.getTime() ?? 0));
  }
}

@Resolver(() => RecommendedItem)
export class RecommendedItemResolver {
  @ResolveField(() => [Because], {
    description:
      'The past interactions that this place rests on: first those whose influence on its score was asked, the most influential first, ' +
      'then the others, the most attended first; none for an item that is there because it is popular or new.',
    complexity: becauseCost,
  })
  async because(
    @Parent() answered: AnsweredItem,
    @Args(becauseArgument) first: number,
  ): Promise<readonly AttendedInteraction[]> {
    const all = checkFirst(first);
    return restsOnReasons(answered) ? (await answered.because()).of([answered.item.id]).slice(0, all) : [];
  }
}

function restsOnReasons({ source }: RankedItem): boolean {
  return source === 'MEMORY' || source === 'SESSION' || source === 'CONTENT';
}
