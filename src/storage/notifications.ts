/**
 * Hears at once what other processes change, by a connection of its own that listens to Postgres.
 *
 * A notification says only that a table changed, so that one that is late, doubled or lost does no harm to those who look up what
 * changed; what was missed while the connection was down is made good by a call after each connect. A connection that died without
 * a word (a firewall that forgot it, a machine that is gone) is found by a ping that is not answered.
 */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import { CONFIG, type Config } from '../config.js';
import { LOGGER, logError, Metrics, type Logger } from '../telemetry.js';

/** Tables that have a trigger which notifies. */
export type NotifyingTable = 'api_key' | 'experiment' | 'item' | 'live_model';

/** Milliseconds between two pings, and for the answer to one: a dead connection is found within their sum. */
export const pingMs = 5_000;
export const answerMs = 5_000;
/** Milliseconds between two tries to connect, twice as many after each failure. */
const firstWaitMs = 100;
const longestWaitMs = 5_000;
/** A connection that is dead does not say goodbye. */
const goodbyeMs = 500;
/** Notifications of so many milliseconds are told as one. */
const gatheringMs = 20;

@Injectable()
export class Notifications implements OnApplicationShutdown {
  private readonly callbacks = new Map<string, (() => void)[]>();
  private readonly waiting = new Set<string>();
  private readonly stopping = new AbortController();
  private listening: Promise<void> | null = null;
  private aliveAt: number | null = null;
  private hasFailed = false;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly metrics: Metrics,
  ) {
    metrics.onRead(() => {
      if (this.aliveAt !== null) metrics.listenerSilence.set((Date.now() - this.aliveAt) / 1_000);
    });
  }

  /** Calls after each change of the table, and whenever changes may have been missed. The first call of this begins to listen. */
  onChange(table: NotifyingTable, callback: () => void): void {
    this.callbacks.set(table, [...(this.callbacks.get(table) ?? []), callback]);
    this.aliveAt ??= Date.now();
    this.listening ??= this.listen();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.listening;
  }

  /** Until the process stops. */
  private async listen(): Promise<void> {
    let waitMs = firstWaitMs;
    while (!this.stopping.signal.aborted) {
      try {
        await this.hear(() => {
          waitMs = firstWaitMs;
          this.hasFailed = false;
        });
      } catch (error) {
        if (!this.hasFailed) logError(this.logger, error, 'changes are not heard of; they are looked up meanwhile');
        this.hasFailed = true;
      }
      await passes(waitMs, this.stopping.signal);
      waitMs = Math.min(2 * waitMs, longestWaitMs);
    }
  }

  /** One connection, until it is lost: then it throws. */
  private async hear(connected: () => void): Promise<void> {
    const client = new pg.Client({
      connectionString: this.config.databaseUrl ?? undefined,
      application_name: `recollect listener of ${this.config.databaseSchema}`,
      connectionTimeoutMillis: answerMs,
      query_timeout: answerMs,
      keepAlive: true,
      keepAliveInitialDelayMillis: 2 * pingMs,
    });
    const lost = new AbortController();
    const isLost = (error?: Error): void => {
      lost.abort(error ?? new Error('the connection that listens was closed'));
    };
    client.on('error', isLost);
    client.on('end', isLost);
    client.on('notification', ({ payload }) => {
      this.alive();
      this.tell(payload ?? '');
    });
    try {
      await client.connect();
      await client.query(`LISTEN ${channelOf(this.config.databaseSchema)}`);
      connected();
      this.metrics.listenerConnects.inc();
      this.alive();
      for (const table of this.callbacks.keys()) this.tell(table);
      await this.watch(client, lost.signal);
    } finally {
      await Promise.race([client.end().catch(() => undefined), sleep(goodbyeMs, undefined, { ref: false })]);
    }
  }

  private async watch(client: pg.Client, lost: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([lost, this.stopping.signal]);
    while (await passes(pingMs, signal)) {
      await client.query('SELECT');
      this.alive();
    }
    if (!this.stopping.signal.aborted) lost.throwIfAborted();
  }

  private alive(): void {
    this.aliveAt = Date.now();
  }

  private tell(table: string): void {
    if (this.waiting.has(table)) return;
    this.waiting.add(table);
    setTimeout(() => {
      this.waiting.delete(table);
      if (this.stopping.signal.aborted) return;
      for (const callback of this.callbacks.get(table) ?? []) callback();
    }, gatheringMs).unref();
  }
}

/** Waits; false: it was ended before the time was over. */
async function passes(ms: number, signal: AbortSignal): Promise<boolean> {
  return sleep(ms, true, { signal, ref: false }).catch(() => false);
}

/** As the trigger names it. */
function channelOf(schema: string): string {
  return `recollect_${createHash('md5').update(schema).digest('hex')}`;
}
