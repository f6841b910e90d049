/**
 * How long who asks waits for Postgres. A server that hangs, or a network that swallows everything, says nothing: each request would keep
 * its connection until the pool has none left. So a statement that is asked for with patience, and has no answer by its end, fails with
 * DATABASE_UNAVAILABLE, and its connection is thrown away with it, since it would wait on. Work in the background has all the time it takes.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Duplex } from 'node:stream';
import pg from 'pg';
import { RecollectError } from '../errors.js';
import { RepeatedStatements } from './repeated-statements.js';

const patience = new AsyncLocalStorage<{ ms: number }>();

/** Each statement of this work may take so many milliseconds. */
export function withPatience<T>(ms: number, work: () => T): T {
  return patience.run({ ms }, work);
}

/** Gives the statements that are still to come in the work under way another time, in milliseconds. */
export function setPatience(ms: number): void {
  const current = patience.getStore();
  if (current !== undefined) current.ms = ms;
}

/** Work that goes on behind a request has all the time it takes. */
export function withoutPatience<T>(work: () => T): T {
  return patience.exit(work);
}

/**
 * A connection of the pool. The statements of those who wait are small and the same ones: it prepares them (`repeated-statements`). Those of
 * work in the background carry much data, and are planned for how much it is.
 */
export class PatientClient extends pg.Client {
  private readonly repeated = new RepeatedStatements();

  constructor(config?: pg.ClientConfig) {
    super(config);
    const query = this.query.bind(this) as (...statement: readonly unknown[]) => unknown;
    this.query = ((...statement: readonly unknown[]): unknown => {
      const ms = patience.getStore()?.ms;
      if (ms === undefined) return askedBy(query, statement);
      const answer = askedBy(query, this.prepared(statement));
      if (!(answer instanceof Promise)) return answer;
      answer.catch((error: unknown) => {
        this.repeated.failed(String(statement[0]), error);
      });
      this.giveUpAfter(ms, answer);
      return answer;
    }) as typeof this.query;
  }

  private prepared(statement: readonly unknown[]): readonly unknown[] {
    const [text, values, ...more] = statement;
    if (typeof text !== 'string' || !Array.isArray(values)) return statement;
    const name = this.repeated.nameOf(text);
    return name === null ? statement : [{ name, text, values }, ...more];
  }

  private giveUpAfter(ms: number, answer: Promise<unknown>): void {
    const timer = setTimeout(() => {
      const { connection } = this as unknown as { readonly connection: { readonly stream: Duplex } };
      connection.stream.destroy(
        new RecollectError('DATABASE_UNAVAILABLE', `the database did not answer within ${ms} ms`),
      );
    }, ms);
    const answered = (): void => {
      clearTimeout(timer);
    };
    answer.then(answered, answered);
  }
}

/**
 * The promise of a statement's answer, by its callback. A promise that the client makes itself leaves the statement, its rows and what
 * waited for them to a major collection: 44 KB of each profile grew old so, and 8 do now, and a young collection takes half of the time.
 */
function askedBy(query: (...statement: readonly unknown[]) => unknown, statement: readonly unknown[]): unknown {
  const [config, values, ...more] = statement;
  const isText = typeof config === 'string' || (typeof config === 'object' && config !== null && !('submit' in config));
  if (!isText || typeof values === 'function' || more.length > 0) return query(...statement);
  return new Promise((resolve, reject) => {
    query(config, values, (error: Error | null | undefined, result: unknown) => {
      if (error === null || error === undefined) resolve(result);
      else reject(error);
    });
  });
}
