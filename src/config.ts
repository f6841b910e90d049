/**
 * Every setting of the product: environment variable, type, unit, default, minimum and one sentence.
 * All faults of a start are reported at once. The table of the README is made from `settings` and held equal to it by a test.
 */
import { availableParallelism, homedir } from 'node:os';
import { resolve } from 'node:path';
import { CronExpressionParser } from 'cron-parser';
import { z } from 'zod';
import { messageOf, RecollectError } from './errors.js';
import { dialectNames } from './ingest/dialect.js';
import { envelopeNames, type EnvelopeName } from './ingest/envelope.js';
import { largestOutcome, outcomeRules, parseOutcomes, type OutcomeSetting } from './model/outcome.js';
import { recipeSettings } from './training/recipe.js';

/** Behind the prefix. */
export const topicNames = ['interactions', 'items', 'users'] as const;

/** What becomes of interactions of items and users that nobody has put: see `memory/unknown`. */
const unknownRules = ['accept', 'create', 'refuse'] as const;

export type Polarity = 'positive' | 'negative' | 'neutral';

/** What an interaction of this kind means. */
export interface KindRule {
  /** how much it counts, > 0 */
  readonly weight: number;
  readonly polarity: Polarity;
  /** whether the item counts as seen and leaves the user's answers */
  readonly seen: boolean;
}

const defaultKinds: Record<string, KindRule> = {
  view: { weight: 1, polarity: 'positive', seen: true },
  click: { weight: 1, polarity: 'positive', seen: true },
  cart: { weight: 2, polarity: 'positive', seen: true },
  purchase: { weight: 4, polarity: 'positive', seen: true },
  like: { weight: 3, polarity: 'positive', seen: true },
  dislike: { weight: 1, polarity: 'negative', seen: true },
  rating: { weight: 2, polarity: 'positive', seen: true },
  skip: { weight: 1, polarity: 'negative', seen: false },
};

const kindRule = z.strictObject({
  weight: z.number().positive().default(1),
  polarity: z.enum(['positive', 'negative', 'neutral']).default('positive'),
  seen: z.boolean().default(true),
});

/** A text that holds JSON. */
const json = (example: string) =>
  z.string().transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue({ code: 'custom', message: `is not JSON; give an object such as ${example}` });
      return z.NEVER;
    }
  });
const kinds = json('{"view":{"weight":1}}').pipe(
  z.record(z.string().min(1).max(64), kindRule).refine((all) => Object.keys(all).length > 0, 'names no kind'),
);

const outcomes = z.string().transform((text, context): OutcomeSetting => {
  const kinds = /(^|,)\s*kinds\s*$/.test(text);
  try {
    return { rules: parseOutcomes(kinds ? text.replace(/,?\s*kinds\s*$/, '') : text), kinds };
  } catch (error) {
    context.addIssue({ code: 'custom', message: messageOf(error) });
    return z.NEVER;
  }
});

/** What changes of a topic come in; `topic=envelope`, commas between them. */
const envelopes = z.string().transform((text, context) => {
  const found: Partial<Record<(typeof topicNames)[number], EnvelopeName>> = {};
  for (const part of text === '' ? [] : text.split(',')) {
    const [topic, envelope, ...more] = part.split('=').map((word) => word.trim());
    const [one] = topicNames.filter((name) => name === topic);
    const [name] = envelopeNames.filter((known) => known === envelope);
    if (one !== undefined && name !== undefined && more.length === 0 && found[one] === undefined) {
      found[one] = name;
      continue;
    }
    const choice = `${topicNames.join(', ')} = ${envelopeNames.join(' or ')}, each topic once`;
    context.addIssue({ code: 'custom', message: `${JSON.stringify(part)} is not one of ${choice}` });
  }
  return found;
});

const boolean = z.enum(['true', 'false']).transform((text) => text === 'true');
/** The longest time of a timer in Node: what is longer ends at once. */
const longestTimerMs = 2 ** 31 - 1;
/** A whole number in digits: JavaScript would take an empty text for 0. */
const count = (minimum: number, maximum = Number.MAX_SAFE_INTEGER) =>
  z
    .string()
    .regex(/^\s*-?\d+\s*$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().int().min(minimum).max(maximum));
const port = count(0, 65_535);
const cron = z.string().refine((text) => text === '' || isCron(text), 'is not a cron expression of five fields');

interface Described {
  readonly env: string;
  readonly unit?: string;
  readonly about: string;
  /** never printed */
  readonly secret?: true;
}

interface Setting<V> extends Described {
  readonly schema: z.ZodType<V>;
  /** the text that stands for an unset variable; null: it may stay unset */
  readonly default: string | null;
}

function setting<V>(value: Described & { readonly schema: z.ZodType<V>; readonly default: string }): Setting<V> {
  return value;
}

/** A setting that may stay unset: its value is then null. */
function optional<V>(value: Described & { readonly schema: z.ZodType<V> }): Setting<V | null> {
  return { ...value, default: null };
}

function isCron(text: string): boolean {
  try {
    CronExpressionParser.parse(text, { tz: 'UTC' });
    return text.trim().split(/\s+/).length === 5;
  } catch {
    return false;
  }
}

export const settings = {
  role: setting({
    env: 'RECOLLECT_ROLE',
    schema: z.enum(['all', 'api', 'ingest', 'train']),
    default: 'all',
    about: 'What this process does: answer (`api`), consume Kafka (`ingest`), train (`train`), or all three.',
  }),
  dataFolder: setting({
    env: 'RECOLLECT_DATA_DIR',
    schema: z.string().min(1),
    default: '.recollect',
    about: 'Folder of the embedded Postgres; used only without DATABASE_URL.',
  }),
  cacheFolder: setting({
    env: 'RECOLLECT_CACHE_DIR',
    schema: z.string().min(1),
    default: '~/.cache/recollect',
    about: 'Where the native training library and the demo broker are kept, so that a second start needs no network.',
  }),
  databaseUrl: optional({
    env: 'DATABASE_URL',
    schema: z.string().regex(/^postgres(ql)?:\/\//, 'must start with postgres://'),
    secret: true,
    about: 'Postgres 16 or newer. Unset: an embedded Postgres is started in the data folder.',
  }),
  databaseSchema: setting({
    env: 'DATABASE_SCHEMA',
    schema: z.string().regex(/^[a-z_][a-z0-9_]{0,45}$/, 'must be a lower-case SQL name of at most 46 characters'),
    default: 'recollect',
    about: 'Schema of the tables; a second catalogue is a second schema. The job queue takes `<schema>_job`.',
  }),
  databasePoolSize: setting({
    env: 'DATABASE_POOL_SIZE',
    schema: count(4, 500),
    default: '10',
    unit: 'connections',
    about: 'Connections that this process may open.',
  }),
  databaseTimeoutMs: setting({
    env: 'DATABASE_TIMEOUT_MS',
    schema: count(100, longestTimerMs),
    default: '10000',
    unit: 'ms',
    about:
      'A statement that a query of the API waits for longer is given up, with its connection; a mutation waits as long as a request may take.',
  }),
  host: setting({
    env: 'RECOLLECT_HOST',
    schema: z.string().min(1),
    default: '127.0.0.1',
    about: 'Address that the API listens on; the container image sets 0.0.0.0.',
  }),
  port: setting({
    env: 'RECOLLECT_PORT',
    schema: port,
    default: '3000',
    about: 'Port of the API; 0 takes a free one.',
  }),
  bodyLimitBytes: setting({
    env: 'RECOLLECT_BODY_LIMIT_BYTES',
    schema: count(1_024, 100_000_000),
    default: '2000000',
    unit: 'bytes',
    about: 'Largest request body.',
  }),
  requestTimeoutMs: setting({
    env: 'RECOLLECT_REQUEST_TIMEOUT_MS',
    schema: count(100, longestTimerMs),
    default: '15000',
    unit: 'ms',
    about: 'A request that takes longer is ended.',
  }),
  queryDepth: setting({
    env: 'RECOLLECT_QUERY_DEPTH',
    schema: count(3, 50),
    default: '10',
    unit: 'levels',
    about: 'Deepest GraphQL selection.',
  }),
  queryTokens: setting({
    env: 'RECOLLECT_QUERY_TOKENS',
    schema: count(50, 100_000),
    default: '1000',
    unit: 'tokens',
    about: 'Longest GraphQL document.',
  }),
  queryAliases: setting({
    env: 'RECOLLECT_QUERY_ALIASES',
    schema: count(1, 1_000),
    default: '20',
    unit: 'aliases',
    about: 'Most root fields and aliases of one document.',
  }),
  queryCost: setting({
    env: 'RECOLLECT_QUERY_COST',
    schema: count(100, 10_000_000),
    default: '20000',
    unit: 'fields',
    about:
      'Most fields that the answer to one document may have, by its `first`s; a replay of a history counts as many.',
  }),
  subscriptionConnections: setting({
    env: 'RECOLLECT_SUBSCRIPTION_CONNECTIONS',
    schema: count(0, 100_000),
    default: '1000',
    unit: 'connections',
    about: 'Most WebSocket connections for subscriptions to this process.',
  }),
  subscriptionsPerConnection: setting({
    env: 'RECOLLECT_SUBSCRIPTIONS_PER_CONNECTION',
    schema: count(1, 1_000),
    default: '20',
    unit: 'subscriptions',
    about: 'Most subscriptions of one connection.',
  }),
  authentication: setting({
    env: 'RECOLLECT_AUTHENTICATION',
    schema: z.enum(['on', 'off']),
    default: 'on',
    about: 'API keys are asked for; `off` is refused unless the API listens on a loopback address.',
  }),
  introspection: setting({
    env: 'RECOLLECT_INTROSPECTION',
    schema: boolean,
    default: 'false',
    about: 'Whether the schema can be asked for over HTTP; it is also in the repository.',
  }),
  kafkaBrokers: optional({
    env: 'KAFKA_BROKERS',
    schema: z
      .string()
      .transform((text) => text.split(',').map((broker) => broker.trim()))
      .pipe(z.array(z.string().regex(/^[^\s:]+:\d+$/, 'must be host:port')).min(1)),
    about: 'Brokers as host:port, separated by commas. Unset: interactions come through GraphQL alone.',
  }),
  kafkaTopicPrefix: setting({
    env: 'KAFKA_TOPIC_PREFIX',
    schema: z.string().regex(/^[a-zA-Z0-9._-]{0,100}$/, 'may hold letters, digits, dot, dash and underscore'),
    default: 'recollect.',
    about: 'Put before the topics `interactions`, `items` and `users`.',
  }),
  kafkaDialect: setting({
    env: 'KAFKA_DIALECT',
    schema: z.enum(['auto', ...dialectNames]),
    default: 'auto',
    about:
      'Whose names the interactions have beside our own: `personalize`, `gorse`, `metarank`, `recombee`; `auto` recognises them.',
  }),
  kafkaEnvelopes: setting({
    env: 'KAFKA_ENVELOPES',
    schema: envelopes,
    default: '',
    about:
      'What the messages of a topic come in, such as `items=debezium,interactions=connect`: changes of rows by Debezium, or ' +
      'schema and payload of Kafka Connect. Empty: nothing.',
  }),
  kafkaGroup: setting({
    env: 'KAFKA_GROUP',
    schema: z.string().min(1).max(200),
    default: 'recollect',
    about: 'Consumer group.',
  }),
  kafkaStart: setting({
    env: 'KAFKA_START',
    schema: z.union([z.enum(['earliest', 'latest']), z.iso.datetime({ offset: true }).transform(Date.parse)], {
      error: 'must be earliest, latest, or a time such as 2026-05-01T10:00:00Z',
    }),
    default: 'earliest',
    about:
      'Where the first run begins in the interactions: `earliest`, `latest` or a time; items are always read whole.',
  }),
  kafkaTls: setting({ env: 'KAFKA_TLS', schema: boolean, default: 'false', about: 'Whether the brokers speak TLS.' }),
  kafkaSaslMechanism: optional({
    env: 'KAFKA_SASL_MECHANISM',
    schema: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']),
    about: 'SASL mechanism; needs user and password.',
  }),
  kafkaUser: optional({ env: 'KAFKA_USER', schema: z.string().min(1), about: 'SASL user.' }),
  kafkaPassword: optional({ env: 'KAFKA_PASSWORD', schema: z.string().min(1), secret: true, about: 'SASL password.' }),
  kafkaSessionTimeoutMs: setting({
    env: 'KAFKA_SESSION_TIMEOUT_MS',
    schema: count(6_000, 300_000),
    default: '30000',
    unit: 'ms',
    about: 'A consumer that is silent for longer loses its partitions.',
  }),
  kafkaMaxBatchBytes: setting({
    env: 'KAFKA_MAX_BATCH_BYTES',
    schema: count(1_048_576, 1_073_741_824),
    default: '67108864',
    unit: 'bytes',
    about: 'Most that a record batch may have once it is decompressed; the messages of a larger one are refused.',
  }),
  ingestBatchCount: setting({
    env: 'RECOLLECT_INGEST_BATCH_COUNT',
    schema: count(1, 20_000),
    default: '2000',
    unit: 'messages',
    about: 'Most messages that one transaction applies.',
  }),
  memoryCacheBytes: setting({
    env: 'RECOLLECT_MEMORY_CACHE_BYTES',
    schema: count(0, 68_719_476_736),
    default: '268435456',
    unit: 'bytes',
    about: 'Most that a consumer keeps of the memories that it wrote, so as not to read them again.',
  }),
  deadLetterDays: setting({
    env: 'RECOLLECT_DEAD_LETTER_DAYS',
    schema: count(1, 3_650),
    default: '30',
    unit: 'days',
    about: 'How long dead letters are kept in Postgres; how long in their topics is a setting of each topic.',
  }),
  impressionDays: setting({
    env: 'RECOLLECT_IMPRESSION_DAYS',
    schema: count(0, 3_650),
    default: '90',
    unit: 'days',
    about:
      'How long it is kept in Postgres what was answered, for `attribution`. 0: nothing is logged, and what was is deleted.',
  }),
  stallTimeoutMs: setting({
    env: 'RECOLLECT_STALL_TIMEOUT_MS',
    schema: count(5_000, longestTimerMs),
    default: '60000',
    unit: 'ms',
    about: 'Lag without progress for this long restarts the consumer; twice ends the process.',
  }),
  kinds: setting({
    env: 'RECOLLECT_KINDS',
    schema: kinds,
    default: JSON.stringify(defaultKinds),
    about: 'Kinds of interaction, each with weight, polarity and whether the item counts as seen.',
  }),
  unknownItems: setting({
    env: 'RECOLLECT_UNKNOWN_ITEMS',
    schema: z.enum(unknownRules),
    default: 'accept',
    about:
      'An interaction with an item that was never put: `accept` it, `create` an incomplete item with it, or `refuse` it.',
  }),
  unknownUsers: setting({
    env: 'RECOLLECT_UNKNOWN_USERS',
    schema: z.enum(unknownRules),
    default: 'accept',
    about:
      'An interaction of a user without a profile: `accept` it, `create` an incomplete profile with it, or `refuse` it.',
  }),
  itemVectorLength: optional({
    env: 'RECOLLECT_ITEM_VECTOR_LENGTH',
    schema: count(1, 1_024),
    unit: 'numbers',
    about: 'Length of the `vector` that items may come with. Unset: an item with one is refused.',
  }),
  erasureKey: optional({
    env: 'RECOLLECT_ERASURE_KEY',
    schema: z.string().min(32, 'must have at least 32 characters; `openssl rand -hex 32` makes one'),
    secret: true,
    about:
      'Key of the hashes by which what was forgotten or erased is known again; it must never change. Unset: a random one that is kept in Postgres.',
  }),
  earliestTime: setting({
    env: 'RECOLLECT_EARLIEST_TIME',
    schema: z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)),
    default: '1990-01-01T00:00:00Z',
    about: 'An interaction before this time is refused.',
  }),
  futureToleranceMs: setting({
    env: 'RECOLLECT_FUTURE_TOLERANCE_MS',
    schema: count(0),
    default: '300000',
    unit: 'ms',
    about: 'An interaction further in the future is refused.',
  }),
  trainCron: setting({
    env: 'RECOLLECT_TRAIN_CRON',
    schema: cron,
    default: '0 3 * * *',
    about: 'When to retrain, in UTC; empty: only on request.',
  }),
  trainDevice: setting({
    env: 'RECOLLECT_TRAIN_DEVICE',
    schema: z.enum(['auto', 'cpu', 'gpu']),
    default: 'auto',
    about: 'Device of the training; `gpu` fails at once where there is none.',
  }),
  trainThreads: setting({
    env: 'RECOLLECT_TRAIN_THREADS',
    schema: count(1, 256),
    default: String(Math.max(1, availableParallelism())),
    unit: 'threads',
    about: 'Threads of the training process.',
  }),
  trainEpochs: optional({
    env: 'RECOLLECT_TRAIN_EPOCHS',
    schema: count(1, 1_000),
    unit: 'epochs',
    about: 'Most epochs. Not set: as many as the recipe for a log of this size has.',
  }),
  trainSplit: setting({
    env: 'RECOLLECT_TRAIN_SPLIT',
    schema: z.enum(['leave-one-out', 'time']),
    default: 'leave-one-out',
    about:
      'What a run holds out to judge itself: the last two interactions of each user, or the newest tenth of the log, which the model then does not learn from.',
  }),
  trainSeen: setting({
    env: 'RECOLLECT_TRAIN_SEEN',
    schema: z.enum(['removed', 'kept']),
    default: 'removed',
    about:
      'Whether a run ranks items that the user has seen: kept where people come back to them, as in music or food; the blend then learns how much.',
  }),
  trainCurvesFolder: optional({
    env: 'RECOLLECT_TRAIN_CURVES_FOLDER',
    schema: z.string().min(1),
    about: 'Where the curves of each run go, as TensorBoard event files in a folder of the run. Not set: nowhere.',
  }),
  trainWarmStart: setting({
    env: 'RECOLLECT_TRAIN_WARM_START',
    schema: boolean,
    default: 'false',
    about: 'Whether a retraining starts from the weights of the live model and takes half of the epochs.',
  }),
  trainRecipe: optional({
    env: 'RECOLLECT_TRAIN_RECIPE',
    schema: json('{"dropout":0.4}').pipe(recipeSettings),
    about: 'Hyperparameters to set in the recipe, as JSON (`src/training/hyperparameters.ts`); `study` finds them.',
  }),
  trainOutcomes: setting({
    env: 'RECOLLECT_TRAIN_OUTCOMES',
    schema: outcomes,
    default: '',
    about:
      'What interactions are worth as training targets, `kind[>=value or <=value]=weight` from -10 to 10, the first that fits, such as ' +
      '`rating>=4=2,rating<=2=-1`; `kinds` at the end takes the rest from RECOLLECT_KINDS. Empty: all the same.',
  }),
  trainOutcomeStages: setting({
    env: 'RECOLLECT_TRAIN_OUTCOME_STAGES',
    schema: z.enum(['labelled', 'all']),
    default: 'labelled',
    about:
      'What goes by outcomes: a `labelled` stage for the read alone, after a training in which all interactions weigh the same, or `all` of it.',
  }),
  trainTimeoutMs: setting({
    env: 'RECOLLECT_TRAIN_TIMEOUT_MS',
    schema: count(1_000, 86_400_000),
    default: '21600000',
    unit: 'ms',
    about: 'A training run that takes longer is failed.',
  }),
  refreshMs: setting({
    env: 'RECOLLECT_REFRESH_MS',
    schema: count(50, 60_000),
    default: '500',
    unit: 'ms',
    about: 'How often the live model and the catalogue are looked up for changes.',
  }),
  shutdownTimeoutMs: setting({
    env: 'RECOLLECT_SHUTDOWN_TIMEOUT_MS',
    schema: count(0, 300_000),
    default: '10000',
    unit: 'ms',
    about: 'Time to finish what is under way after SIGTERM.',
  }),
  logLevel: setting({
    env: 'RECOLLECT_LOG_LEVEL',
    schema: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
    default: 'info',
    about: 'Least level that is logged.',
  }),
} as const;

type Settings = typeof settings;

/** The settings of this process, checked. */
export type Config = { readonly [K in keyof Settings]: Settings[K] extends Setting<infer V> ? V : never };

/** The token that the settings are injected by. */
export const CONFIG = Symbol('config');

/** Reads the settings out of the environment; throws SETTINGS_INVALID with every fault, one a line. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const values: Record<string, unknown> = {};
  const faults: string[] = [];
  for (const [name, { env, schema, default: fallback }] of Object.entries<Setting<unknown>>(settings)) {
    const text = environment[env] ?? fallback;
    if (text === null) {
      values[name] = null;
      continue;
    }
    const parsed = schema.safeParse(text);
    if (parsed.success) values[name] = parsed.data;
    else faults.push(...parsed.error.issues.map((issue) => `${env}: ${[...issue.path, issue.message].join(' ')}`));
  }
  const known = new Set(Object.values<Setting<unknown>>(settings).map(({ env }) => env));
  for (const env of Object.keys(environment)) {
    if (env.startsWith('RECOLLECT_') && !known.has(env))
      faults.push(`${env}: is not a setting; see the README's table`);
  }
  const config = values as unknown as Config;
  if (faults.length === 0) faults.push(...contradictions(config));
  if (faults.length > 0) {
    throw new RecollectError('SETTINGS_INVALID', `${faults.length} setting(s) are wrong:\n  ${faults.join('\n  ')}`);
  }
  return { ...config, cacheFolder: resolve(config.cacheFolder.replace(/^~(?=$|\/)/, homedir())) };
}

function contradictions(config: Config): string[] {
  const faults: string[] = [];
  for (const { kind, weight } of outcomeRules(config)) {
    if (config.kinds[kind] === undefined) {
      const choice = Object.keys(config.kinds).join(', ');
      faults.push(`RECOLLECT_TRAIN_OUTCOMES: ${kind} is no kind of RECOLLECT_KINDS, which has ${choice}`);
    } else if (Math.abs(weight) > largestOutcome) {
      faults.push(`RECOLLECT_TRAIN_OUTCOMES: kinds would take ${weight} for ${kind}; give it a rule of its own`);
    }
  }
  const sasl = [config.kafkaSaslMechanism, config.kafkaUser, config.kafkaPassword];
  if (sasl.some((value) => value !== null) && sasl.some((value) => value === null)) {
    faults.push('KAFKA_SASL_MECHANISM, KAFKA_USER and KAFKA_PASSWORD go together: set all three or none');
  }
  if (config.trainEpochs !== null && config.trainRecipe?.epochs !== undefined) {
    faults.push('RECOLLECT_TRAIN_EPOCHS: the epochs are set in RECOLLECT_TRAIN_RECIPE too; keep one of them');
  }
  if (config.role === 'ingest' && config.kafkaBrokers === null)
    faults.push('KAFKA_BROKERS: the role ingest needs brokers');
  if (config.role !== 'all' && config.databaseUrl === null) {
    faults.push(
      `DATABASE_URL: the role ${config.role} shares a database with others; only the role all starts an embedded one`,
    );
  }
  if (config.authentication === 'off' && !/^(127\.\d+\.\d+\.\d+|localhost|::1)$/.test(config.host)) {
    faults.push('RECOLLECT_AUTHENTICATION: off is allowed only where RECOLLECT_HOST is a loopback address');
  }
  return faults;
}

/** The settings as lines NAME=value with secrets replaced, for `recollect config print`. */
export function printConfig(config: Config): string {
  return Object.entries<Setting<unknown>>(settings)
    .map(([name, { env, secret }]) => {
      const value = config[name as keyof Config];
      if (value === null) return `${env} is not set`;
      return `${env}=${secret === true ? '(secret)' : typeof value === 'object' ? JSON.stringify(value) : String(value)}`;
    })
    .join('\n');
}

/** The README's table. */
export function settingsTable(): string {
  const rows = Object.values<Setting<unknown>>(settings).map(({ env, unit, default: fallback, about }) => {
    const shown =
      fallback === null
        ? 'not set'
        : env === 'RECOLLECT_TRAIN_THREADS'
          ? 'all cores'
          : env === 'RECOLLECT_KINDS'
            ? 'see `src/config.ts`'
            : fallback === ''
              ? 'empty'
              : `\`${fallback}\``;
    return `| \`${env}\` | ${shown}${unit === undefined ? '' : ` ${unit}`} | ${about} |`;
  });
  return ['| setting | default | meaning |', '| --- | --- | --- |', ...rows].join('\n');
}
