/**
 * Which statements a connection prepares: those that it runs again. Postgres then parses them once, and plans them once where the plan does
 * not depend on the values; for an answer's small statements that is the greater part of their time. What is prepared stays with the
 * connection as long as it lives, so there is room for so many, and a statement that is put together for one request takes none.
 */
import { codeOf } from '../errors.js';

const mostPrepared = 100;
/** Texts that have run once; from here on they are forgotten. */
const mostSeen = 1_000;

/** What Postgres says of one whose result a migration has changed, and of one that a pooler's server does not have. */
const isPast = (error: unknown): boolean => ['0A000', '26000'].includes(codeOf(error) ?? '');

export class RepeatedStatements {
  private readonly seen = new Set<string>();
  private readonly names = new Map<string, string>();
  private count = 0;

  /** The name to prepare it under, or under which it is prepared; null: it runs as it is. */
  nameOf(text: string): string | null {
    const name = this.names.get(text);
    if (name !== undefined) return name;
    if (!this.seen.has(text) || this.names.size >= mostPrepared) {
      if (this.seen.size >= mostSeen) this.seen.clear();
      this.seen.add(text);
      return null;
    }
    this.seen.delete(text);
    const next = `repeated_${++this.count}`;
    this.names.set(text, next);
    return next;
  }

  /** What was prepared and can not run any more is prepared anew, under another name. */
  failed(text: string, error: unknown): void {
    if (isPast(error)) this.names.delete(text);
  }
}
