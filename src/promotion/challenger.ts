/**
 * Lets the memories of an experiment's challenger follow the log, behind the write path, which keeps those of the live version alone:
 * what arrived is applied some tenths of a second later, in the order of arrival, and users whose log was edited are made anew. One
 * process of a deployment does it at a time. No writer waits for it: see `visibleCut`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CONFIG, type Config } from '../config.js';
import { RecollectError } from '../errors.js';
import { follow } from '../memory/memory-follow.js';
import type { Network } from '../model/network.js';
import { advisoryLock } from '../storage/data-source.js';
import { lockExperiment, moveExperiment } from '../storage/experiment.store.js';
import { visibleCut } from '../storage/log-cut.store.js';
import { deletePassedEdits } from '../storage/memory-edit.store.js';
import { whileLocked } from '../storage/session-lock.js';
import { memoriesOf } from '../storage/user-memory.store.js';
import { LOGGER, logError, type Logger } from '../telemetry.js';
import { LiveModel } from './live-model.js';

const pauseMs = 200;

const taken = new RecollectError('REPLAY_UNDER_WAY', 'another process of the deployment follows the log');

@Injectable()
export class Challenger implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly stop = new AbortController();
  private work: Promise<void> = Promise.resolve();
  private hasFailed = false;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly dataSource: DataSource,
    private readonly liveModel: LiveModel,
  ) {}

  onApplicationBootstrap(): void {
    this.work = this.followAlways();
  }

  async onModuleDestroy(): Promise<void> {
    this.stop.abort();
    await this.work;
  }

  private async followAlways(): Promise<void> {
    const { signal } = this.stop;
    while (!signal.aborted) {
      const challenger = this.liveModel.challenger();
      try {
        if (challenger !== null) await this.followOnce(challenger.version, challenger.network);
        this.hasFailed = false;
      } catch (error) {
        if (error !== taken && !this.hasFailed) {
          logError(this.logger, error, "the challenger's memories do not follow the log; it is tried again");
          this.hasFailed = true;
        }
      }
      await sleep(pauseMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** What has arrived by now. */
  private async followOnce(version: number, network: Network): Promise<void> {
    const { databaseSchema: name } = this.config;
    const lock = { lock: advisoryLock.experiment, name, taken, isBrief: true };
    await whileLocked(this.dataSource, this.logger, lock, async (session) => {
      const cut = await visibleCut(session, name, this.stop.signal);
      for (let isBehind = true; isBehind && !this.stop.signal.aborted;) {
        isBehind = await session.transaction(async (tx) => {
          const standing = await lockExperiment(tx, version);
          if (standing === null || standing >= cut) return false;
          const reached = await follow(tx, network, memoriesOf(version), standing, cut);
          await moveExperiment(tx, reached);
          await deletePassedEdits(tx, name, reached);
          return reached < cut;
        });
      }
    });
  }
}
