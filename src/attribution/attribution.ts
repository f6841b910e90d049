/** What answers led to: clicks, conversions and value of their impressions, with intervals, by what the answers were. */
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CONFIG, type Config } from '../config.js';
import {
  countImpressions,
  countUncounted,
  type AttributionDimension,
  type AttributionWindow,
  type ImpressionCounts,
  type ImpressionGroup,
  type UncountedInteractions,
} from '../storage/attribution-read.store.js';
import { keptSince } from './impression-retention.js';
import { meanOf, rateOf, type Estimate } from './interval.js';

export interface AttributionFigures extends Omit<ImpressionCounts, 'valueVariance'> {
  readonly clickThroughRate: Estimate;
  readonly conversionRate: Estimate;
  readonly valuePerImpression: Estimate;
}

export interface AttributionReport {
  /** answers from before are deleted; null: answers are not logged */
  readonly keptSince: Date | null;
  readonly total: AttributionFigures;
  readonly groups: readonly (ImpressionGroup & { readonly figures: AttributionFigures })[];
  readonly notCounted: UncountedInteractions;
}

@Injectable()
export class Attribution {
  constructor(
    private readonly dataSource: DataSource,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** All figures are of one moment. */
  async report(window: AttributionWindow, by: readonly AttributionDimension[]): Promise<AttributionReport> {
    return this.dataSource.transaction('REPEATABLE READ', async (tx) => {
      await tx.query(`SET LOCAL statement_timeout = ${this.config.requestTimeoutMs}`);
      const groups = by.length === 0 ? [] : await countImpressions(tx, window, by);
      const [total] = await countImpressions(tx, window, []);
      if (total === undefined) throw new Error('the total was not returned');
      return {
        keptSince: this.config.impressionDays === 0 ? null : keptSince(this.config, Date.now()),
        total: figuresOf(total),
        groups: groups.map((group) => ({ ...group, figures: figuresOf(group) })),
        notCounted: await countUncounted(tx, window),
      };
    });
  }
}

function figuresOf(counts: ImpressionCounts): AttributionFigures {
  const { answers, impressions, clicks, conversions, value, valueVariance } = counts;
  return {
    ...{ answers, impressions, clicks, conversions, value },
    clickThroughRate: rateOf(clicks, impressions),
    conversionRate: rateOf(conversions, impressions),
    valuePerImpression: meanOf(value, impressions, valueVariance),
  };
}
