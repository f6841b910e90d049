import { Inject, type OnModuleDestroy } from '@nestjs/common';
import { Args, Mutation, Query, Resolver } from '@nestjs/graphql';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { CONFIG, type Config } from '../config.js';
import { RecollectError, type ErrorCode } from '../errors.js';
import { Experiments } from '../promotion/experiments.js';
import type { PromoteOptions } from '../promotion/memory-switch.js';
import type { ExperimentEntity } from '../storage/experiment.entity.js';
import { findExperiment } from '../storage/experiment.store.js';
import { withoutPatience } from '../storage/patience.js';
import { LOGGER, logError, type Logger } from '../telemetry.js';
import { Scopes } from './access.js';
import { optionalText } from './arguments.js';
import { EndExperimentInput, Experiment, ExperimentPayload, StartExperimentInput } from './experiment.type.js';
import { userErrorsOf } from './user-error.type.js';

const longestReason = 1_000;
/** Replay in threads of their own, beside the answers of this process. */
const threads = 2;
/** Part of a request's time after which it is answered that the work goes on. */
const patientShare = 0.6;
const expected: readonly ErrorCode[] = ['BAD_INPUT', 'NOT_FOUND', 'PROMOTION_UNDER_WAY'];

@Resolver(() => Experiment)
export class ExperimentResolver implements OnModuleDestroy {
  private readonly stop = new AbortController();
  private readonly works = new Set<Promise<unknown>>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly experiments: Experiments,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onModuleDestroy(): Promise<void> {
    this.stop.abort(new RecollectError('CANCELLED', 'the process stops'));
    await Promise.allSettled(this.works);
  }

  @Scopes('operator')
  @Query(() => Experiment, { nullable: true, description: 'The experiment that is under way; null: none is.' })
  async experiment(): Promise<ExperimentEntity | null> {
    return findExperiment(this.dataSource.manager);
  }

  @Scopes('operator')
  @Mutation(() => ExperimentPayload, {
    nullable: true,
    description:
      'Makes the memories of another version out of the log, and lets it answer a share of the users from then on, always the same ones.',
  })
  async startExperiment(
    @Args('input', { description: 'Which version, which share, and why.' })
    { version, share, reason }: StartExperimentInput,
  ): Promise<ExperimentPayload> {
    const why = optionalText(reason, 'reason', longestReason);
    return this.outcomeOf(async (options) => this.experiments.start(version, share, { ...options, reason: why }));
  }

  @Scopes('operator')
  @Mutation(() => ExperimentPayload, {
    nullable: true,
    description: 'Ends the experiment: what serves answers all users again, or the challenger serves from then on.',
  })
  async endExperiment(
    @Args('input', { defaultValue: {}, description: 'How it ends.' }) { promote }: EndExperimentInput,
  ): Promise<ExperimentPayload> {
    return this.outcomeOf(async (options) => this.experiments.end(promote, options));
  }

  /** Waits as long as a request may take, and lets the work go on after it. */
  private async outcomeOf(begin: (options: PromoteOptions) => Promise<unknown>): Promise<ExperimentPayload> {
    const work = withoutPatience(async () => begin({ threads, signal: this.stop.signal }));
    this.works.add(work);
    const done = work.then(() => true).finally(() => this.works.delete(work));
    const patient = new AbortController();
    try {
      const ms = patientShare * this.config.requestTimeoutMs;
      const isDone = await Promise.race([done, sleep(ms, false, { signal: patient.signal, ref: false })]);
      if (!isDone) this.logFailureOf(done);
      return { experiment: await this.experiment(), goesOn: !isDone, userErrors: [] };
    } catch (error) {
      const userErrors = userErrorsOf(error, expected);
      return { experiment: await this.experiment(), goesOn: false, userErrors };
    } finally {
      patient.abort();
    }
  }

  private logFailureOf(done: Promise<unknown>): void {
    done.catch((error: unknown) => {
      logError(this.logger, error, 'an experiment did not begin or end as it was asked; nothing has changed');
    });
  }
}
