/**
 * The network that this process serves.
 *
 * `live_model` says which version that should be; the process looks it up every `refreshMs`, loads a new version beside the one
 * that serves and then swaps the one reference: a caller that took `current()` keeps that network to the end of its request.
 * A version that can't be loaded is logged, the old one goes on serving, and the load is tried again after a while.
 */
import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CONFIG, type Config } from '../config.js';
import { isRetriable } from '../errors.js';
import type { LiveNetwork, NetworkSource } from '../memory/network-source.js';
import type { Network } from '../model/network.js';
import { findExperiment } from '../storage/experiment.store.js';
import { findLiveModel } from '../storage/model.store.js';
import { LOGGER, logError, type Logger } from '../telemetry.js';
import { isChallenged } from './arms.js';
import { loadNetwork } from './network-loader.js';

/** A version that failed to load is left alone for this long; reading the weights over and over would help nobody. */
const retryMs = 30_000;

@Injectable()
export class LiveModel implements NetworkSource, OnModuleInit, OnModuleDestroy {
  private live: LiveNetwork | null = null;
  private arm: (LiveNetwork & { readonly seed: string; readonly share: number }) | null = null;
  /** versions that could not be loaded, and until when they are left alone */
  private readonly damaged = new Map<number, number>();
  private hasFailed = false;
  private turn: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | null = null;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly dataSource: DataSource,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.refresh();
    this.schedule();
  }

  async onModuleDestroy(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    await this.turn;
  }

  /** What serves; null before the first promotion. */
  current(): LiveNetwork | null {
    return this.live;
  }

  /** What a share of the users is answered by; null: nothing else. */
  challenger(): LiveNetwork | null {
    return this.arm;
  }

  forUser(userId: string): LiveNetwork | null {
    return this.arm !== null && isChallenged(this.arm, userId) ? this.arm : this.live;
  }

  serving(): readonly LiveNetwork[] {
    return [this.live, this.arm].filter((one) => one !== null);
  }

  /**
   * Looks the live version up now and loads it where it changed. Never throws: what goes wrong is logged, and what served
   * before is returned. Each call looks after it was made, so that a writer that saw a newer version finds it.
   */
  async refresh(): Promise<LiveNetwork | null> {
    this.turn = this.turn.then(async () => this.look());
    await this.turn;
    return this.live;
  }

  private schedule(): void {
    this.timer = setTimeout(() => {
      void this.refresh().then(() => {
        if (this.timer !== null) this.schedule();
      });
    }, this.config.refreshMs).unref();
  }

  private async look(): Promise<void> {
    try {
      const row = await findLiveModel(this.dataSource.manager);
      if (row !== null) await this.follow(row.version, row.since);
      await this.followExperiment();
      this.hasFailed = false;
    } catch (error) {
      if (!this.hasFailed)
        logError(this.logger, error, 'the live model was not looked up; the one before goes on serving');
      this.hasFailed = true;
    }
  }

  private async followExperiment(): Promise<void> {
    const experiment = await findExperiment(this.dataSource.manager);
    if (experiment === null) {
      this.arm = null;
      return;
    }
    const { version, since, seed, share } = experiment;
    if (this.arm?.version === version && this.arm.seed === seed) return;
    this.arm = null;
    const network = await this.load(version);
    if (network !== null) this.arm = { version, since, seed, share, network };
  }

  private async follow(version: number, since: Date): Promise<void> {
    if (this.live?.version === version) {
      if (this.live.since.getTime() !== since.getTime()) this.live = { ...this.live, since }; // there and back again
      return;
    }
    const network = await this.load(version);
    if (network !== null) this.live = { version, network, since };
  }

  /** Null: it is damaged, which was logged. */
  private async load(version: number): Promise<Network | null> {
    const until = this.damaged.get(version);
    if (until !== undefined && Date.now() < until) return null;
    try {
      const network = await loadNetwork(this.dataSource.manager, version);
      this.damaged.delete(version);
      this.logger.info({ modelVersion: version }, 'a model was loaded and serves');
      return network;
    } catch (error) {
      if (isRetriable(error)) throw error;
      this.damaged.set(version, Date.now() + retryMs);
      if (until === undefined) {
        logError(this.logger, error, `model ${version} was not loaded; the one before goes on serving`);
      }
      return null;
    }
  }
}
