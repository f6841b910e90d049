import { Inject } from '@nestjs/common';
import { Args, Int, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { ImpressionLog } from '../attribution/impression-log.js';
import { CONFIG, type Config } from '../config.js';
import type { Answer, AttendedInteraction, RankedItem } from '../recommend/answer.js';
import { Answering } from '../recommend/answering.js';
import { Pages, type PagePlace } from '../recommend/pages.js';
import { Recommender } from '../recommend/recommender.js';
import { SimilarItems } from '../recommend/similar.js';
import type { Wish } from '../recommend/wish.js';
import { ofInput, ofNobody, Scopes } from './access.js';
import { checkFirst, checkId, checkKind } from './arguments.js';
import { encodePlace, readPlace, requestOf } from './page-cursor.js';
import { becauseCost } from './query-cost.js';
import { PopularItemsInput, RecommendationsInput, SimilarItemsInput } from './recommendations-input.type.js';
import { AnswerPageInfo, Because, Recommendations, RecommendedItem } from './recommendations.type.js';
import { readRules } from './rules.js';
import { checkDays, contextOf, seenOf, wantedOf, whoOf } from './wish.js';

const becauseArgument = {
  name: 'first',
  type: () => Int,
  defaultValue: 3,
  description: 'Interactions to name, 1 to 100.',
} as const;

/** An answer that may be read on. */
type PagedAnswer = Answer & { readonly end: () => Promise<PagePlace | null> };

/** An item that knows the answer it is in. */
type AnsweredItem = RankedItem & Pick<Answer, 'because'>;

@Resolver(() => Recommendations)
export class RecommendationsResolver {
  constructor(
    private readonly recommender: Recommender,
    private readonly answering: Answering,
    private readonly similar: SimilarItems,
    private readonly pages: Pages,
    private readonly impressions: ImpressionLog,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Scopes('reader', ofInput)
  @Query(() => Recommendations, {
    description: 'What a user, or a visitor, should see next. Everybody gets an answer; it says what it rests on.',
  })
  async recommendations(
    @Args('input', { description: 'For whom, how many, which items, and how they are arranged.' })
    input: RecommendationsInput,
  ): Promise<PagedAnswer> {
    const who = whoOf(input, this.config);
    const wish: Wish = {
      first: checkFirst(input.first),
      context: contextOf(input),
      seen: seenOf(input, this.config),
      wanted: wantedOf(input),
      rules: readRules(input.rules, { isUser: 'userId' in who, impressionDays: this.config.impressionDays }),
    };
    const request = requestOf(input);
    const userId = 'userId' in who ? who.userId : null;
    const place = readPlace(input.after);
    if (place !== null) {
      const { answer, end } = await this.recommender.onward(who, place, request, wish);
      return { ...this.impressions.noted(answer, 'RECOMMENDATIONS', userId), end: () => Promise.resolve(end) };
    }
    const answer = await ('userId' in who
      ? this.recommender.forUser(who.userId, wish)
      : this.recommender.forSession(who.sequence, wish));
    const noted = this.impressions.noted(answer, 'RECOMMENDATIONS', userId);
    return { ...noted, end: async () => this.pages.keep(answer, request) };
  }

  @Scopes('reader', ofNobody)
  @Query(() => Recommendations, { description: 'Items near to an item, by what users do and by what items are.' })
  async similarItems(
    @Args('input', { description: 'Near to which item, how many, and which may be answered.' })
    input: SimilarItemsInput,
  ): Promise<Answer> {
    const wish = { first: checkFirst(input.first), wanted: wantedOf(input) };
    const answer = await this.similar.to(checkId(input.itemId, 'itemId'), wish);
    return this.impressions.noted(answer, 'SIMILAR_ITEMS', null);
  }

  @Scopes('reader', ofNobody)
  @Query(() => Recommendations, { description: 'The items with the most interactions, weighted by kind.' })
  async popularItems(
    @Args('input', {
      defaultValue: { first: 10 },
      description: 'How many, of which time and kinds, and which may be answered.',
    })
    input: PopularItemsInput,
  ): Promise<Answer> {
    const { windowDays, kinds } = input;
    const days = checkDays(windowDays, 'windowDays');
    for (const kind of kinds ?? []) checkKind(kind, 'kinds', this.config);
    const answer = await this.answering.popularItems(
      { first: checkFirst(input.first), wanted: wantedOf(input) },
      days,
      kinds ?? null,
    );
    return this.impressions.noted(answer, 'POPULAR_ITEMS', null);
  }

  @ResolveField(() => AnswerPageInfo, {
    nullable: true,
    description:
      'How to read on, for `recommendations` alone; null of other queries. Notes the order of what lies behind the items, which costs about as ' +
      'much as the answer.',
  })
  async pageInfo(@Parent() { end }: Partial<PagedAnswer>): Promise<AnswerPageInfo | null> {
    if (end === undefined) return null;
    const place = await end();
    return { hasNextPage: place !== null, endCursor: place === null ? null : encodePlace(place) };
  }

  @ResolveField('items')
  items(@Parent() answer: Answer): readonly AnsweredItem[] {
    return answer.items.map((item) => ({ ...item, rules: item.rules ?? [], because: answer.because }));
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
