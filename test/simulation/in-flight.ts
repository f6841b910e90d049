/**
 * The statements that Postgres has, until their answers are taken: each is answered, or waits for a lock. Answers are taken in an
 * order that does not depend on when they came: first that of the statement that was sent last, for it may have given the others the
 * locks that they waited for, then the others as they were sent.
 *
 * Of several that wait for the same row Postgres takes the one that wakes up first, and of several that wait for each other the one
 * whose patience ends first. So that the same seed gives the same history none comes to that: the one that came last is taken back at
 * once, as a deadlock's victim is.
 */
import type { QueryResult } from 'pg';
import type { DataSource } from 'typeorm';
import type { SeenClient, Statement } from './connections.js';

export interface Answer {
  readonly statement: Statement;
  readonly result: QueryResult | Error;
}

interface Sent {
  readonly statement: Statement;
  /** BLOCKED: it waits for a lock; UNCLEAR: it did, and one was given back since */
  state: 'NEW' | 'BLOCKED' | 'UNCLEAR';
  /** processes of Postgres that have the lock or come before */
  blockers: readonly number[];
  isTakenBack: boolean;
  result: QueryResult | Error | null;
}

/** A statement that takes so many times longer than is usual may wait for a lock. */
const patience = 4;

export class InFlight {
  /** how many waited for a lock */
  blocked = 0;
  /** in the order in which they were sent */
  private sent: readonly Sent[] = [];
  private answers = 0;
  private usualMs = 1;
  private wakeUp: () => void = () => undefined;

  /** `control` sees who waits for whom. */
  constructor(private readonly control: DataSource) {}

  send(statement: Statement, instead?: string): void {
    const one: Sent = { statement, state: 'NEW', blockers: [], isTakenBack: false, result: null };
    this.sent = [...this.sent, one];
    const answered = (result: QueryResult | Error): void => {
      if (result instanceof Error && one.isTakenBack) Object.assign(result, { code: '40P01' });
      one.result = result;
      this.answers += 1;
      if (one.state !== 'NEW' || givesLocks(statement.text, result)) this.locksWereGiven();
      this.wakeUp();
    };
    statement.send(instead).then(answered, answered);
  }

  has(client: SeenClient): boolean {
    return this.sent.some(({ statement }) => statement.client === client);
  }

  hasOf(isOf: (label: unknown) => boolean): boolean {
    return this.sent.some(({ statement }) => isOf(statement.label));
  }

  /** Whoever waits for one is looked at again. */
  locksWereGiven(): void {
    for (const one of this.sent) if (one.state === 'BLOCKED') one.state = 'UNCLEAR';
  }

  /** Until each is answered or waits for a lock. */
  async settle(): Promise<void> {
    for (;;) {
      const unclear = this.sent.filter(({ state, result }) => result === null && state !== 'BLOCKED');
      if (unclear.length === 0) return;
      if (!unclear.some(({ state }) => state === 'NEW') || !(await this.isAnswered())) await this.look(unclear);
    }
  }

  take(): readonly Answer[] {
    const answered = this.sent.flatMap(({ statement, state, result }) =>
      result === null ? [] : [{ statement, result, isNew: state === 'NEW' }],
    );
    if (answered.length > 0) this.sent = this.sent.filter(({ result }) => result === null);
    return answered.sort((one, other) => Number(other.isNew) - Number(one.isNew));
  }

  /** Something is within the patience. */
  private async isAnswered(): Promise<boolean> {
    const { answers, usualMs } = this;
    const begun = performance.now();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, patience * usualMs);
      this.wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.usualMs += (Math.min(performance.now() - begun, 20) - usualMs) / 20;
    return this.answers !== answers;
  }

  private async look(unclear: readonly Sent[]): Promise<void> {
    const { answers } = this;
    const rows: Wait[] = await this.control.query(
      `SELECT pid, pg_blocking_pids(pid) AS blockers, locktype FROM pg_locks WHERE NOT granted AND pid = ANY($1::integer[])`,
      [unclear.map(({ statement }) => statement.client.processID)],
    );
    if (this.answers !== answers) return; // it may have changed since
    const waits = new Map(rows.map((row) => [row.pid, row]));
    for (const one of unclear) {
      const wait = waits.get(one.statement.client.processID);
      if (wait === undefined || wait.blockers.length === 0 || one.isTakenBack) continue;
      if (one.state === 'NEW') this.blocked += 1;
      const isLast = this.isCircle(wait) || this.isShared(wait);
      Object.assign(one, isLast ? { isTakenBack: true } : { state: 'BLOCKED', blockers: wait.blockers });
      if (isLast) await this.control.query('SELECT pg_cancel_backend($1)', [wait.pid]);
    }
  }

  /** Somebody waits for the row already: the first one has the lock of the tuple, and waits for the transaction that wrote it. */
  private isShared({ blockers, locktype }: Wait): boolean {
    if (locktype !== 'transactionid') return locktype === 'tuple';
    return this.waiting.some((other) => other.blockers.some((pid) => blockers.includes(pid)));
  }

  private isCircle({ pid, blockers }: Wait): boolean {
    const seen = new Set(blockers);
    for (const blocker of seen)
      for (const { statement, blockers: next } of this.waiting)
        if (statement.client.processID === blocker) for (const one of next) seen.add(one);
    return seen.has(pid);
  }

  private get waiting(): readonly Sent[] {
    return this.sent.filter(({ state, result }) => state === 'BLOCKED' && result === null);
  }
}

interface Wait {
  readonly pid: number;
  readonly blockers: readonly number[];
  readonly locktype: string;
}

/** Ends a transaction, fails and so takes it back, or unlocks. */
function givesLocks(text: string, result: QueryResult | Error): boolean {
  return result instanceof Error || /^(COMMIT|ROLLBACK)/.test(text) || text.includes('unlock');
}
