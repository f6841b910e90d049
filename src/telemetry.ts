/**
 * The log, JSON lines by pino, and every figure that Prometheus reads. Users' ids, keys and bodies never enter either; what could
 * carry one is removed from the log here once more.
 */
import { Injectable } from '@nestjs/common';
import { pino, type Logger } from 'pino';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Config } from './config.js';
import { isRetriable, messageOf, RecollectError } from './errors.js';

export type { Logger } from 'pino';

/** The token that the logger is injected by. */
export const LOGGER = Symbol('logger');

export function createLogger(config: Pick<Config, 'logLevel' | 'role'>): Logger {
  return pino({
    level: config.logLevel,
    base: { role: config.role },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: [
        'userId',
        'user_id',
        '*.userId',
        '*.user_id',
        'req.headers',
        'req.body',
        'password',
        '*.password',
        'key',
        '*.key',
        'err.parameters',
        'err.query',
        'err.detail',
      ],
      remove: true,
    },
  });
}

/** Logs an error once, where it is handled, at the level that its code has in the list of errors. */
export function logError(logger: Logger, error: unknown, happened: string): void {
  const level = error instanceof RecollectError ? error.level : isRetriable(error) ? 'warn' : 'error';
  const code = error instanceof RecollectError ? error.code : 'INTERNAL';
  const stack = error instanceof Error && !(error instanceof RecollectError) ? error.stack : undefined;
  logger[level]({ code, stack, reason: messageOf(error) }, happened);
}

const ofPartition = ['topic', 'partition'] as const;

/** Of this process. Figures that are looked up rather than counted are set when they are asked for. */
@Injectable()
export class Metrics {
  private readonly registry = new Registry();
  private readonly looks: (() => void)[] = [];

  readonly applied = this.counter('applied_total', 'Messages that were applied.', ofPartition);
  readonly duplicates = this.counter('duplicates_total', 'Messages that were there already.', ofPartition);
  readonly refused = this.counter('refused_total', 'Messages that became dead letters.', [...ofPartition, 'code']);
  readonly otherKeys = this.counter('other_keys_total', 'Messages whose key is not the user of their body.', []);
  readonly lag = this.gauge('lag_messages', 'Messages that wait.');
  readonly nextOffset = this.gauge('next_offset', 'Offset of the message that is applied next.');
  readonly eventTime = this.gauge('event_time_seconds', 'Time of the newest message that was applied, since 1970.');
  readonly isPaused = this.gauge('paused', '1 while an operator holds the partition.');
  readonly isStopped = this.gauge('stopped', '1 while the partition is stopped by an error.');
  readonly isWaiting = this.gauge('waiting', '1 while a fault is waited out.');
  readonly eventToVisible = new Histogram({
    name: 'recollect_ingest_event_to_visible_seconds',
    help: 'From the time of a message until answers know it.',
    labelNames: ofPartition,
    buckets: [
      ...[0.005, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.35, 0.5, 0.75],
      ...[1, 1.5, 2.5, 5, 7.5, 10, 30, 60, 300],
    ],
    registers: [this.registry],
  });

  readonly answersLogged = new Counter({
    name: 'recollect_answers_logged_total',
    help: 'Answers that were written to the log of impressions.',
    registers: [this.registry],
  });
  readonly answersNotLogged = new Counter({
    name: 'recollect_answers_not_logged_total',
    help: 'Answers that were given and are missing in the log of impressions, and why.',
    labelNames: ['reason'],
    registers: [this.registry],
  });
  readonly answersWaiting = new Gauge({
    name: 'recollect_answers_waiting',
    help: 'Answers that wait for the log of impressions.',
    registers: [this.registry],
  });

  readonly catalogueAge = new Gauge({
    name: 'recollect_catalogue_age_seconds',
    help: 'Since the catalogue was looked up for changes.',
    registers: [this.registry],
  });
  readonly listenerSilence = new Gauge({
    name: 'recollect_listener_silence_seconds',
    help: 'Since the connection that hears of changes was last known to be alive; above 10 it is not.',
    registers: [this.registry],
  });
  readonly listenerConnects = new Counter({
    name: 'recollect_listener_connects_total',
    help: 'How often the connection that hears of changes was made.',
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  readonly contentType = this.registry.contentType;

  /** `look` sets figures before they are read. */
  onRead(look: () => void): void {
    this.looks.push(look);
  }

  /** In the text format of Prometheus. */
  async read(): Promise<string> {
    for (const look of this.looks) look();
    return this.registry.metrics();
  }

  private counter<L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> {
    return new Counter({
      name: `recollect_ingest_${name}`,
      help,
      labelNames: [...labelNames],
      registers: [this.registry],
    });
  }

  private gauge(name: string, help: string): Gauge<'topic' | 'partition'> {
    return new Gauge({
      name: `recollect_ingest_${name}`,
      help,
      labelNames: [...ofPartition],
      registers: [this.registry],
    });
  }
}
