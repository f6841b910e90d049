import { Inject } from '@nestjs/common';
import { Args, Query, Resolver } from '@nestjs/graphql';
import { Attribution, type AttributionReport } from '../attribution/attribution.js';
import { CONFIG, type Config } from '../config.js';
import { Scopes } from './access.js';
import { badInput, checkCount, checkKind, checkTime } from './arguments.js';
import { AttributionInput, AttributionReport as AttributionReportType } from './attribution.type.js';

const mostKinds = 50;
const mostDimensions = 6;

@Resolver(() => AttributionReportType)
export class AttributionResolver {
  constructor(
    private readonly reports: Attribution,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Scopes('operator')
  @Query(() => AttributionReportType, {
    description:
      'What answers led to: click-through rate, conversion rate and value of their items, with confidence intervals. An interaction ' +
      'counts for the answer that its `recommendationId` names, if that has the item and was for its user, once for each item, ' +
      'whenever it comes.',
  })
  async attribution(
    @Args('input', { description: 'Which answers, and what counts as their success.' }) input: AttributionInput,
  ): Promise<AttributionReport> {
    const from = checkTime(input.from, 'from');
    const until = checkTime(input.until, 'until') ?? new Date();
    if (from === null || from >= until) throw badInput('from', 'must be before until');
    checkCount(input.by, mostDimensions, 'by');
    const window = {
      ...{ from, until },
      clickKinds: this.checkKinds(input.clickKinds, 'clickKinds'),
      conversionKinds: this.checkKinds(input.conversionKinds, 'conversionKinds'),
    };
    return this.reports.report(window, [...new Set(input.by)]);
  }

  private checkKinds(kinds: readonly string[], field: string): readonly string[] {
    checkCount(kinds, mostKinds, field);
    return kinds.map((kind) => checkKind(kind, field, this.config));
  }
}
