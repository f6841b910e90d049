/**
 * Ingestion from Kafka: interactions and changes of items. Keeps a consumer session alive: opens it, again after faults that the
 * client does not get over, anew when the watchdog says so, and closes it in order when the process stops.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import kafkajs, { type Kafka } from 'kafkajs';
import { DataSource } from 'typeorm';
import { CONFIG, type Config } from '../config.js';
import { RecollectError } from '../errors.js';
import { LOGGER, logError, Metrics, type Logger } from '../telemetry.js';
import type { PartitionStatus } from './assigned-partition.js';
import { ConsumerSession } from './consumer-session.js';
import { createKafka, ensureTopics, isOfKafka, topicsOf } from './kafka-client.js';
import { Streams } from './streams.js';
import { backOffMs } from './turn.js';
import { Watchdog } from './watchdog.js';

/** Of the process that gives up on a consumer that hangs; like EX_SOFTWARE of sysexits. */
const stalledExitCode = 70;

/** What a consumer that hangs may take to leave before the next one starts. */
const closeTimeoutMs = 8_000;
const fetchWaitMs = 250;

/** After a failure that comes again at once, such as messages of before Kafka 0.11: each new consumer makes the group share out anew. */
const failurePauseMs = 5_000;

/** Of the client's own; then the partition is set aside, which holds up no other, and tries again. */
const deadLetterRetries = 1;

/** How late partitions that were added to a topic are found, in ms. */
const metadataMaxAge = 60_000;

export interface IngestStatus {
  /** OFF: no brokers are set */
  readonly state: 'OFF' | 'CONNECTING' | 'RUNNING';
  readonly partitions: readonly PartitionStatus[];
  /** of this process */
  readonly deadLetters: number;
  /** messages whose key is not the user of their body */
  readonly otherKeys: number;
}

interface OpenSession {
  readonly session: ConsumerSession;
  close(): Promise<void>;
}

@Injectable()
export class KafkaConsumer implements OnApplicationBootstrap, OnModuleDestroy {
  private open: OpenSession | null = null;
  private isStopping = false;
  private turn: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | null = null;
  private readonly watchdog: Watchdog;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly dataSource: DataSource,
    private readonly streams: Streams,
    private readonly metrics: Metrics,
  ) {
    metrics.onRead(() => {
      this.setGauges();
    });
    this.watchdog = new Watchdog(config.stallTimeoutMs);
  }

  onApplicationBootstrap(): void {
    if (this.config.kafkaBrokers === null) return;
    this.restart();
    const lookEveryMs = Math.max(1_000, this.config.stallTimeoutMs / 4);
    this.timer = setInterval(() => void this.look(), lookEveryMs).unref();
  }

  /** Finishes the batches under way and leaves the group. */
  async onModuleDestroy(): Promise<void> {
    this.isStopping = true;
    if (this.timer !== null) clearInterval(this.timer);
    this.turn = this.turn.then(async () => this.closeSession());
    await Promise.race([this.turn, sleep(closeTimeoutMs, undefined, { ref: false })]);
  }

  status(): IngestStatus {
    const partitions = this.open?.session.partitions.map((partition) => partition.status()) ?? [];
    const state = this.config.kafkaBrokers === null ? 'OFF' : this.open === null ? 'CONNECTING' : 'RUNNING';
    return { state, partitions, ...this.streams.counts };
  }

  private setGauges(): void {
    const { lag, nextOffset, eventTime, isPaused, isStopped, isWaiting } = this.metrics;
    for (const gauge of [lag, nextOffset, eventTime, isPaused, isStopped, isWaiting]) gauge.reset(); // it may have lost some
    for (const { topic, partition, ...status } of this.status().partitions) {
      const place = { topic, partition };
      isPaused.set(place, Number(status.isPaused));
      isStopped.set(place, Number(status.stopped !== null));
      isWaiting.set(place, Number(status.waitingFor !== null));
      if (status.lag !== null) lag.set(place, Number(status.lag));
      if (status.nextOffset !== null) nextOffset.set(place, Number(status.nextOffset));
      if (status.eventTime !== null) eventTime.set(place, status.eventTime.getTime() / 1_000);
    }
  }

  /** Closes the session, if there is one, and opens another; one such change at a time. */
  private restart(pauseMs = 0): void {
    this.turn = this.turn.then(async () => {
      await this.closeSession();
      await sleep(pauseMs);
      for (let attempt = 1; !this.isStopping; attempt++) {
        try {
          this.open = await this.openSession();
          this.watchdog.replaced(Date.now());
          return;
        } catch (error) {
          logError(this.logger, error, 'the Kafka consumer did not start; it is tried again');
          await sleep(backOffMs(attempt));
        }
      }
    });
  }

  /** Waits for it no longer than the next one, or the process, can. */
  private async closeSession(): Promise<void> {
    const session = this.open;
    this.open = null;
    const closed = session?.close().catch((error: unknown) => {
      logError(this.logger, error, 'the Kafka consumer did not leave in order');
    });
    await Promise.race([closed, sleep(closeTimeoutMs, undefined, { ref: false })]);
  }

  private async openSession(): Promise<OpenSession> {
    const kafka = createKafka(this.config, this.logger);
    const admin = kafka.admin();
    const createPartitioner = kafkajs.Partitioners.DefaultPartitioner;
    const producer = kafka.producer({ createPartitioner, metadataMaxAge, retry: { retries: deadLetterRetries } });
    const consumer = this.createConsumer(kafka);
    const close = async (): Promise<void> => {
      await session.close();
      await Promise.all([producer.disconnect(), admin.disconnect()]);
    };
    const { config, logger, dataSource, metrics } = this;
    const appliers = this.streams.appliers(producer, admin);
    const session = new ConsumerSession({ config, logger, metrics, dataSource, admin, consumer, appliers });
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (payload.restart || this.isStopping) return; // else the client gets over it by itself
      logError(this.logger, payload.error, 'the Kafka consumer failed');
      this.restart(failurePauseMs);
    });
    try {
      await Promise.all([admin.connect(), producer.connect(), consumer.connect()]);
      await ensureTopics(admin, topicsOf(config));
      await session.open();
      return { session, close };
    } catch (error) {
      await close();
      throw error;
    }
  }

  private createConsumer(kafka: Kafka) {
    return kafka.consumer({
      groupId: this.config.kafkaGroup,
      sessionTimeout: this.config.kafkaSessionTimeoutMs,
      heartbeatInterval: Math.min(3_000, this.config.kafkaSessionTimeoutMs / 3),
      maxWaitTimeInMs: fetchWaitMs,
      metadataMaxAge,
      retry: { restartOnFailure: async () => Promise.resolve(!this.isStopping) },
    });
  }

  private async look(): Promise<void> {
    const session = this.open?.session;
    if (session === undefined) return;
    let brokersAnswer = true;
    try {
      await session.inspect();
    } catch (error) {
      brokersAnswer = !isOfKafka(error);
      this.logger.debug({ reason: String(error) }, 'the brokers did not say how far the partitions go');
    }
    const advice = this.watchdog.look(session.partitions, Date.now(), brokersAnswer);
    if (advice === 'go on') return;
    const stalled = new RecollectError(
      'CONSUMER_STALLED',
      `messages wait and nothing was applied for ${this.config.stallTimeoutMs} ms: ${advice}`,
    );
    if (advice === 'restart the consumer') {
      this.logger.error({ code: stalled.code, reason: stalled.message }, 'the consumer hangs');
      this.restart();
      return;
    }
    logError(this.logger, stalled, 'the consumer hangs');
    process.exit(stalledExitCode);
  }
}
