/** The API on a schema of its own, asked over HTTP as a client would. */
import { Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { LightMyRequestResponse } from 'fastify';
import type { DataSource } from 'typeorm';
import { ApiModule } from '../../src/api/api.module.js';
import { createKey } from '../../src/api/api-key.js';
import { httpAdapter, secureHeaders } from '../../src/api/http.js';
import type { Config } from '../../src/config.js';
import { Promotion } from '../../src/promotion/promotion.js';
import type { Scope } from '../../src/storage/api-key.entity.js';
import { StorageModule } from '../../src/storage/storage.module.js';
import { createLogger } from '../../src/telemetry.js';
import { freshDatabase } from '../fresh-database.js';
import { randomCheckpoint, storeCheckpoint, type RandomOptions } from '../random-checkpoint.js';
import type { ErrorView, TrackedView } from './views.js';

export interface Reply<Data> {
  readonly status: number;
  readonly data: Data;
  readonly errors: readonly { readonly message: string; readonly extensions: { readonly code: string } }[];
}

export interface RunningApi {
  readonly config: Config;
  readonly dataSource: DataSource;
  readonly app: INestApplicationContext;
  /** of an operator */
  readonly key: string;
  newKey(scopes: readonly Scope[], expiresAt?: Date): Promise<string>;
  ask<Data = unknown>(
    query: string,
    variables?: Readonly<Record<string, unknown>>,
    key?: string | null,
  ): Promise<Reply<Data>>;
  send(request: {
    readonly method: 'GET' | 'POST';
    readonly url: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly payload?: string;
  }): Promise<LightMyRequestResponse>;
  stop(): Promise<void>;
}

export async function startApi(schema: string, settings: Readonly<Record<string, string>> = {}): Promise<RunningApi> {
  const { config, dataSource, drop } = await freshDatabase(schema, { RECOLLECT_REFRESH_MS: '50', ...settings });
  const app = await startReplica(config, dataSource);
  const newKey = async (scopes: readonly Scope[], expiresAt: Date | null = null): Promise<string> =>
    (await createKey(dataSource.manager, { name: 'test', scopes, expiresAt })).key;
  const key = await newKey(['operator']);
  return {
    config,
    dataSource,
    app,
    key,
    newKey,
    ask: async (query, variables, asKey = key) => askOf(app, query, variables, asKey),
    send: async (request) => app.inject(request),
    stop: async () => {
      await app.close();
      await drop();
    },
  };
}

/** Another process on the same database, as far as one test process can be two. */
export async function startReplica(config: Config, dataSource: DataSource): Promise<NestFastifyApplication> {
  @Module({ imports: [StorageModule.with(config, createLogger(config), dataSource), ApiModule] })
  class Root {}
  const app = await NestFactory.create<NestFastifyApplication>(Root, httpAdapter(config), { logger: false });
  secureHeaders(app);
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  return app;
}

export async function askOf<Data>(
  app: NestFastifyApplication,
  query: string,
  variables: Readonly<Record<string, unknown>> | undefined,
  key: string | null,
): Promise<Reply<Data>> {
  const response = await app.inject({
    method: 'POST',
    url: '/graphql',
    headers: { 'content-type': 'application/json', ...(key === null ? {} : { authorization: `Bearer ${key}` }) },
    payload: JSON.stringify({ query, variables }),
  });
  const body: { data: Data; errors?: Reply<Data>['errors'] } = response.json();
  return { status: response.statusCode, data: body.data, errors: body.errors ?? [] };
}

/** A random network that knows these items begins to serve, with the memories of what was logged before. */
export async function promoteRandom(
  { app, dataSource }: Pick<RunningApi, 'app' | 'dataSource'>,
  itemIds: readonly string[],
  options?: RandomOptions,
): Promise<number> {
  const version = await storeCheckpoint(dataSource, randomCheckpoint(itemIds, options));
  await app.get(Promotion).promote(version);
  return version;
}

/** Puts items with an id alone, or with more. */
export async function putItems(
  api: RunningApi,
  items: readonly (string | Readonly<Record<string, unknown>>)[],
): Promise<void> {
  const input = {
    items: items.map((item) => (typeof item === 'string' ? { id: item, title: `Title of ${item}` } : item)),
  };
  const { data, errors } = await api.ask<{ putItems: { userErrors: readonly ErrorView[] } }>(
    'mutation($input: PutItemsInput!) { putItems(input: $input) { written userErrors { code field message } } }',
    { input },
  );
  if (errors.length > 0 || data.putItems.userErrors.length > 0) throw new Error(JSON.stringify({ data, errors }));
}

export interface TestInteraction {
  readonly id?: string;
  readonly userId?: string | null;
  readonly sessionId?: string;
  readonly itemId: string;
  readonly kind?: string;
  readonly value?: number;
  readonly occurredAt?: string;
  readonly recommendationId?: string;
}

/** Tracks interactions; those without a time follow each other by a minute. */
export async function track(api: RunningApi, interactions: readonly TestInteraction[]): Promise<Reply<TrackedView>> {
  const start = Date.parse('2026-01-01T00:00:00Z');
  const rows = interactions.map((interaction, minute) => ({
    kind: 'view',
    occurredAt: new Date(start + 60_000 * minute).toISOString(),
    ...interaction,
  }));
  return api.ask<TrackedView>(
    `mutation($rows: [InteractionInput!]!) {
       trackInteractions(input: { interactions: $rows }) {
         accepted duplicates refused verdicts { index status id error { code field message } } userErrors { code field message } } }`,
    { rows },
  );
}

/** The statements of this work, and of what goes on beside it. */
export async function statementsOf(
  { dataSource }: RunningApi,
  work: () => Promise<unknown>,
): Promise<readonly string[]> {
  const statements: string[] = [];
  const { logger } = dataSource;
  dataSource.logger = Object.assign(Object.create(logger) as typeof logger, {
    logQuery: (statement: string) => void statements.push(statement.replace(/\s+/g, ' ')),
  });
  try {
    await work();
  } finally {
    dataSource.logger = logger;
  }
  return statements;
}

/** For what shows within `refreshMs`. */
export async function eventually(check: () => Promise<void>, timeoutMs = 5_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      await check();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((done) => setTimeout(done, 25));
    }
  }
}
