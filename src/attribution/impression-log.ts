/**
 * The log of what was answered, written behind the answers: they wait in a queue and go in batches, each in one transaction.
 *
 * The queue is bounded. While Postgres is away it fills, and what has no place in it is not logged but counted
 * (`recollect_answers_not_logged_total`); no answer ever waits for the log or fails with it.
 */
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CONFIG, type Config } from '../config.js';
import { isRetriable } from '../errors.js';
import { KeyedHash } from '../memory/keyed-hash.js';
import type { Answer } from '../recommend/answer.js';
import { areErased, isAnyoneErased } from '../storage/erasure.store.js';
import { withoutPatience } from '../storage/patience.js';
import type { RecommendationEntity } from '../storage/recommendation.entity.js';
import { addRecommendations, shareRecommendations } from '../storage/recommendation.store.js';
import { LOGGER, logError, Metrics, type Logger } from '../telemetry.js';

/** The query that an answer is of. */
export const operations = ['RECOMMENDATIONS', 'RANK_ITEMS', 'SIMILAR_ITEMS', 'POPULAR_ITEMS'] as const;
export type Operation = (typeof operations)[number];

/** Items that wait at most: some 20 MB. */
const mostWaiting = 100_000;
/** Answers of one transaction. */
const batchCount = 500;
/** An answer is in the log about so long after it was given. */
const delayMs = 200;
/** After a fault. */
const retryMs = 1_000;

@Injectable()
export class ImpressionLog implements OnApplicationShutdown {
  private waiting: RecommendationEntity[] = [];
  private waitingItems = 0;
  private timer: NodeJS.Timeout | null = null;
  private writing: Promise<void> | null = null;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly metrics: Metrics,
    private readonly dataSource: DataSource,
  ) {
    metrics.onRead(() => {
      metrics.answersWaiting.set(this.waiting.length);
    });
  }

  /** Takes an answer into the log, and returns it. `userId` null: it is for nobody in particular. */
  noted(answer: Answer, operation: Operation, userId: string | null): Answer {
    const { id, items } = answer;
    const [head] = items;
    if (this.config.impressionDays === 0 || head === undefined) return answer;
    if (this.waitingItems + items.length > mostWaiting) {
      this.metrics.answersNotLogged.inc({ reason: 'queue_full' });
      return answer;
    }
    const hasRules = items.some(({ rules }) => rules !== undefined && rules.length > 0);
    this.waiting.push({
      ...{ userId: userId ?? '', id, firstRank: head.rank, answeredAt: new Date(), operation },
      ...{ modelVersion: answer.modelVersion, source: answer.source, fallbackReason: answer.fallbackReason },
      itemIds: items.map(({ item }) => item.id),
      itemSources: items.map(({ source }) => source),
      itemRules: hasRules ? items.map(({ rules }) => rules ?? []) : null,
    });
    this.waitingItems += items.length;
    this.writeIn(delayMs);
    return answer;
  }

  /** The last answers; what can't be written now is counted as not logged. */
  async onApplicationShutdown(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    await this.writing;
    await this.write();
    if (this.timer !== null) clearTimeout(this.timer);
    if (this.waiting.length > 0) this.drop(this.waiting.splice(0), 'shutdown');
  }

  private writeIn(ms: number): void {
    this.timer ??= withoutPatience(() =>
      setTimeout(() => {
        this.timer = null;
        this.writing ??= this.write().finally(() => {
          this.writing = null;
        });
      }, ms).unref(),
    );
  }

  private async write(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting.slice(0, batchCount);
      try {
        await this.add(batch);
        this.metrics.answersLogged.inc(batch.length);
      } catch (error) {
        if (isRetriable(error)) {
          logError(this.logger, error, 'answers could not be logged; it is tried again');
          this.writeIn(retryMs);
          return;
        }
        logError(this.logger, error, `${batch.length} answers could not be logged and are left out of the attribution`);
        this.metrics.answersNotLogged.inc({ reason: 'failed' }, batch.length);
      }
      this.waiting.splice(0, batch.length);
      this.waitingItems -= itemCount(batch);
    }
  }

  /** Of users who were erased meanwhile nothing is kept. */
  private async add(batch: readonly RecommendationEntity[]): Promise<void> {
    await this.dataSource.transaction(async (tx) => {
      await shareRecommendations(tx);
      let kept = batch;
      if (await isAnyoneErased(tx)) {
        const hash = await KeyedHash.load(tx, this.config);
        const erased = await areErased(
          tx,
          batch.map(({ userId }) => hash.ofUser(userId)),
        );
        kept = batch.filter((_, place) => erased[place] === false);
      }
      await addRecommendations(tx, kept);
    });
  }

  private drop(answers: readonly RecommendationEntity[], reason: string): void {
    this.metrics.answersNotLogged.inc({ reason }, answers.length);
    this.logger.error(
      { answers: answers.length, reason },
      'answers were not logged and are left out of the attribution',
    );
    this.waitingItems -= itemCount(answers);
  }
}

function itemCount(answers: readonly RecommendationEntity[]): number {
  return answers.reduce((sum, { itemIds }) => sum + itemIds.length, 0);
}
