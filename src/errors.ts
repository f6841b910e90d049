/**
 * Every error of the product: its code, whether trying again can help, and how loud the log is.
 * The message says what happened, to which thing, and what to do; the cause is kept.
 * The consumer obeys `retriable`: true means back off and try the batch again, false means dead letter, count, go on.
 */
const errors = {
  // settings and start
  SETTINGS_INVALID: { retriable: false, level: 'fatal' },
  PORT_IN_USE: { retriable: false, level: 'fatal' },
  DATABASE_UNAVAILABLE: { retriable: true, level: 'error' },
  EMBEDDED_SERVICE_FAILED: { retriable: false, level: 'fatal' },

  // an interaction or item that is refused, with the field's name in the message
  NOT_JSON: { retriable: false, level: 'info' },
  NOT_AN_OBJECT: { retriable: false, level: 'info' },
  MISSING_FIELD: { retriable: false, level: 'info' },
  UNKNOWN_FIELD: { retriable: false, level: 'info' },
  FIELDS_DISAGREE: { retriable: false, level: 'info' },
  SCHEMA_TOO_NEW: { retriable: false, level: 'info' },
  INVALID_ID: { retriable: false, level: 'info' },
  UNKNOWN_KIND: { retriable: false, level: 'info' },
  INVALID_VALUE: { retriable: false, level: 'info' },
  INVALID_TIME: { retriable: false, level: 'info' },
  TIME_UNIT: { retriable: false, level: 'info' },
  TIME_IN_FUTURE: { retriable: false, level: 'info' },
  TIME_TOO_EARLY: { retriable: false, level: 'info' },
  INVALID_PROPERTIES: { retriable: false, level: 'info' },
  INVALID_ITEM: { retriable: false, level: 'info' },
  UNKNOWN_ITEM: { retriable: false, level: 'info' },
  UNKNOWN_USER: { retriable: false, level: 'info' },

  // a message of Kafka that is refused before it is read
  BATCH_TOO_LARGE: { retriable: false, level: 'error' },
  BATCH_UNREADABLE: { retriable: false, level: 'error' },
  TOO_MANY_HEADERS: { retriable: false, level: 'info' },

  // the write path
  OWNER_REPLACED: { retriable: false, level: 'warn' },
  OFFSET_GAP: { retriable: false, level: 'error' },
  LOG_START_PAST_OFFSET: { retriable: false, level: 'error' },
  OFFSET_PAST_LOG_END: { retriable: false, level: 'error' },
  MODEL_SWITCHED: { retriable: true, level: 'info' },
  USER_EDITED: { retriable: true, level: 'info' },
  ERASURE_KEY_OTHER: { retriable: false, level: 'error' },
  INTERACTION_REPEATED: { retriable: true, level: 'info' },
  MEMORY_CHANGED: { retriable: true, level: 'info' },
  DEAD_LETTER_UNAVAILABLE: { retriable: true, level: 'error' },
  CONSUMER_STALLED: { retriable: false, level: 'fatal' },

  // the model
  CHECKPOINT_INVALID: { retriable: false, level: 'error' },
  STATE_INVALID: { retriable: false, level: 'error' },
  TRAINING_DATA_INSUFFICIENT: { retriable: false, level: 'info' },
  TRAINING_FAILED: { retriable: false, level: 'error' },
  TRAINING_BACKEND_UNAVAILABLE: { retriable: false, level: 'error' },
  TRAINING_TIMEOUT: { retriable: false, level: 'error' },
  LOST: { retriable: true, level: 'warn' },
  CANCELLED: { retriable: false, level: 'info' },
  PROMOTION_UNDER_WAY: { retriable: true, level: 'info' },
  STUDY_UNDER_WAY: { retriable: true, level: 'info' },
  REPLAY_UNDER_WAY: { retriable: true, level: 'info' },

  // files
  FILE_UNREADABLE: { retriable: false, level: 'error' },
  WRONG_ENCODING: { retriable: false, level: 'error' },

  // the API
  UNAUTHENTICATED: { retriable: false, level: 'info' },
  KEY_EXPIRED: { retriable: false, level: 'info' },
  FORBIDDEN: { retriable: false, level: 'info' },
  BAD_INPUT: { retriable: false, level: 'info' },
  CURSOR_EXPIRED: { retriable: false, level: 'info' },
  NOT_FOUND: { retriable: false, level: 'info' },
  IDEMPOTENCY_CONFLICT: { retriable: false, level: 'info' },
  LIMIT_EXCEEDED: { retriable: false, level: 'info' },
  INTERNAL: { retriable: false, level: 'error' },
} as const;

export type ErrorCode = keyof typeof errors;
export type ErrorLevel = (typeof errors)[ErrorCode]['level'];

export class RecollectError extends Error {
  readonly retriable: boolean;
  readonly level: ErrorLevel;

  /** `field` names the input's part that is at fault, for verdicts, dead letters and `userErrors`. */
  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: { readonly cause?: unknown; readonly field?: string },
  ) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'RecollectError';
    this.retriable = errors[code].retriable;
    this.level = errors[code].level;
    this.field = options?.field ?? null;
  }

  readonly field: string | null;
}

/** SQLSTATEs and socket errors after which the same transaction may succeed: connection lost, deadlock, serialization, shutdown. */
const transient = /^(08...|40001|40P01|53...|55P03|57P0[123]|ECONN\w+|EPIPE|ETIMEDOUT|EAI_AGAIN)$/;

/** What pg and TypeORM say of a connection that was lost, also between two statements of a transaction. */
const lostConnection =
  /Connection terminated|connection timeout|timeout exceeded when trying to connect|is not queryable|query runner.* already released/i;

/** Whether the same work may succeed when it is tried again. */
export function isRetriable(error: unknown): boolean {
  if (error instanceof RecollectError) return error.retriable;
  if (!(error instanceof Error)) return false;
  if (transient.test(codeOf(error) ?? '')) return true;
  if (lostConnection.test(error.message)) return true;
  return 'driverError' in error && isRetriable(error.driverError);
}

/** What a system call, Postgres or the product calls the fault; null: it has no such name. */
export function codeOf(error: unknown): string | null {
  const { code } = Object(error) as { readonly code?: unknown };
  return typeof code === 'string' ? code : null;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
