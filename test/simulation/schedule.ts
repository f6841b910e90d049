/**
 * The order in which things happen, and what goes wrong. Every statement that a simulated process sends to Postgres waits here until
 * it is its turn; one is let go at a time, chosen by the seed, and the next one only when the program has nothing left to do or waits
 * for a lock of Postgres. So transactions overlap in every way, and the same seed gives the same history.
 *
 * At its turn a statement may meet a fault instead: its connection is lost before it or, a commit, after it was done; Postgres takes
 * its transaction back as it does with a deadlock; or its process dies, before it or right after it.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import type { Client, Pool, QueryResult } from 'pg';
import type { DataSource } from 'typeorm';
import type { Random } from './random.js';

/** What a statement is part of, for whoever watches commits. */
export const work = new AsyncLocalStorage<unknown>();

/** Shares of the statements that meet each fault. */
export interface Faults {
  readonly die: number;
  readonly loseConnection: number;
  readonly takeBack: number;
  /** of commits */
  readonly dieAfterCommit: number;
  readonly loseAnswerOfCommit: number;
}

/** A process as the schedule sees it: its connections, and whether it lives. */
export interface Owner {
  readonly clients: Set<SeenClient>;
  isDead: boolean;
}

type SeenClient = Client & { readonly processID: number };
type Query = (...args: readonly unknown[]) => Promise<QueryResult>;

interface Waiting {
  readonly owner: Owner;
  readonly client: SeenClient;
  readonly text: string;
  readonly label: unknown;
  readonly query: Query;
  readonly args: readonly unknown[];
  resolve(result: QueryResult): void;
  reject(error: unknown): void;
}

interface Running {
  readonly pid: number;
  /** waits for a lock; UNCLEAR: it did, and a lock was given back since */
  state: 'NEW' | 'BLOCKED' | 'UNCLEAR';
}

const takenBack = `DO $$ BEGIN RAISE EXCEPTION 'taken back by the simulation' USING ERRCODE = '40P01'; END $$`;
const patienceMs = 2;
const quietTurns = 3;

export class Schedule {
  /** null: statements pass at once */
  private random: Random | null = null;
  private faults: Faults | null = null;
  private stickiness = 0;
  private readonly waiting: Waiting[] = [];
  private readonly running = new Set<Running>();
  private readonly inTransaction = new WeakSet<SeenClient>();
  private readonly seen = new WeakSet<SeenClient>();
  private lastClient: SeenClient | null = null;
  private readonly pools = new Set<Pool>();
  private connecting = 0;
  private asked = 0;
  private readonly askedAs = new WeakMap<SeenClient, number>();
  /** the statement that was let go last */
  private last: { readonly running: Running; readonly followed: Promise<unknown> } | null = null;
  /** grows with everything that happens */
  private activity = 0;
  private wakeUp: () => void = () => undefined;
  readonly figures = { statements: 0, blocked: 0, lost: 0, takenBack: 0, died: 0 };
  onDone: (label: unknown, text: string, result: QueryResult) => void = () => undefined;
  onDeath: (owner: Owner) => void = () => undefined;

  /** `control` is not watched. */
  constructor(private readonly control: DataSource) {}

  begin(random: Random, stickiness: number, faults: Faults): void {
    Object.assign(this, { random, stickiness, faults, lastClient: null });
    Object.assign(this.figures, { statements: 0, blocked: 0, lost: 0, takenBack: 0, died: 0 });
  }

  endFaults(): void {
    this.faults = null;
  }

  /** From now on everything passes at once. */
  end(): void {
    this.random = null;
    for (const one of this.waiting.splice(0)) this.release(one);
  }

  /** Takes charge of the connections of a process. */
  watch(dataSource: DataSource, owner: Owner): void {
    const pool = (dataSource.driver as unknown as { master: Pool }).master;
    this.pools.add(pool);
    const connect = pool.connect.bind(pool) as unknown as (callback: (...found: unknown[]) => void) => void;
    const watched = (callback: (...found: unknown[]) => void): void => {
      if (owner.isDead) {
        callback(lost(), undefined, () => undefined);
        return;
      }
      this.connecting += 1;
      const asked = (this.asked += 1);
      connect((error, client, release) => {
        this.connecting -= 1;
        this.happened();
        if (client !== undefined) this.adopt(client as SeenClient, owner, asked);
        callback(error, client, release);
      });
    };
    pool.connect = watched as typeof pool.connect;
  }

  /** Lets one statement go; false: none waits, or all that is under way waits for locks. */
  async step(): Promise<boolean> {
    await this.settle();
    const { random, waiting } = this;
    if (random === null || waiting.length === 0) return false;
    const last = waiting.find(({ client }) => client === this.lastClient);
    const one = last !== undefined && random.chance(this.stickiness) ? last : random.pick(waiting);
    waiting.splice(waiting.indexOf(one), 1);
    this.lastClient = one.client;
    this.figures.statements += 1;
    await this.letGo(one, this.faultOf(one, random));
    return true;
  }

  /** Until the program has nothing left to do but what waits here or for a lock. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < quietTurns; quiet++) {
      const { activity } = this;
      await setImmediate();
      const unclear = [...this.running].filter(({ state }) => state !== 'BLOCKED');
      if (unclear.length > 0) await this.look(unclear);
      if (unclear.length > 0 || this.isConnecting() || this.activity !== activity) quiet = -1;
    }
  }

  /** The process is gone from one moment to the next; Postgres takes back what it had not committed. */
  async kill(owner: Owner): Promise<void> {
    if (owner.isDead) return;
    owner.isDead = true;
    this.figures.died += 1;
    for (const one of this.waiting.filter((waiting) => waiting.owner === owner)) {
      this.waiting.splice(this.waiting.indexOf(one), 1);
      one.reject(lost());
    }
    // those that wait for a lock first: the end of another could give it to them
    const waitsForLock = ({ processID }: SeenClient): boolean => [...this.running].some(({ pid }) => pid === processID);
    for (const client of [...owner.clients].sort(
      (one, other) => Number(waitsForLock(other)) - Number(waitsForLock(one)),
    ))
      await this.cut(client);
    this.onDeath(owner);
  }

  private adopt(client: SeenClient, owner: Owner, asked: number): void {
    this.askedAs.set(client, asked);
    if (this.seen.has(client)) return;
    this.seen.add(client);
    owner.clients.add(client);
    client.on('error', () => undefined);
    client.on('end', () => owner.clients.delete(client));
    const query = client.query.bind(client) as Query;
    void query('SET synchronous_commit = off').catch(() => undefined); // Postgres itself does not crash here
    const watched: Query = async (...args) =>
      new Promise((resolve, reject) => {
        const one = { owner, client, text: String(args[0]), label: work.getStore(), query, args, resolve, reject };
        this.happened();
        if (this.random === null) this.release(one);
        else this.wait(one);
      });
    client.query = watched as typeof client.query;
  }

  /** In the order in which the connections were asked for, which is not that in which they were there. */
  private wait(one: Waiting): void {
    const placeOf = ({ client }: Waiting): number => this.askedAs.get(client) ?? 0;
    const at = this.waiting.findIndex((other) => placeOf(other) > placeOf(one));
    this.waiting.splice(at < 0 ? this.waiting.length : at, 0, one);
  }

  private faultOf({ text }: Waiting, random: Random): keyof Faults | null {
    const { faults } = this;
    if (faults === null) return null;
    let left = random.next();
    for (const fault of Object.keys(faults) as (keyof Faults)[]) {
      const isAfter = fault === 'dieAfterCommit' || fault === 'loseAnswerOfCommit';
      left -= isAfter && text !== 'COMMIT' ? 0 : faults[fault];
      if (left < 0) return fault;
    }
    return null;
  }

  private async letGo(one: Waiting, fault: keyof Faults | null): Promise<void> {
    if (fault === 'dieAfterCommit' || fault === 'loseAnswerOfCommit') await this.answerOf(one);
    switch (fault) {
      case null:
        this.release(one);
        return;
      case 'takeBack': {
        const isIn = this.inTransaction.has(one.client) && one.text !== 'ROLLBACK'; // else there is nothing to take back
        if (isIn) this.figures.takenBack += 1;
        this.release(isIn ? { ...one, args: [takenBack] } : one);
        return;
      }
      case 'die':
      case 'dieAfterCommit':
        await this.kill(one.owner);
        break;
      case 'loseConnection':
      case 'loseAnswerOfCommit':
        this.figures.lost += 1;
        await this.cut(one.client);
    }
    one.reject(lost());
  }

  private release(one: Waiting): void {
    this.answerOf(one).then(one.resolve, one.reject);
  }

  private async answerOf(one: Waiting): Promise<QueryResult> {
    const running: Running = { pid: one.client.processID, state: 'NEW' };
    const answer = one.query(...one.args);
    const followed = this.follow(one, running, answer);
    this.last = { running, followed: followed.catch(() => undefined) };
    return followed;
  }

  private async follow(
    { client, text, label }: Waiting,
    running: Running,
    answer: Promise<QueryResult>,
  ): Promise<QueryResult> {
    this.running.add(running);
    try {
      const result = await answer;
      const { last } = this;
      const mayHaveGivenIt = running.state !== 'NEW' && last?.running.state === 'NEW'; // the lock that it waited for
      if (mayHaveGivenIt) await last.followed;
      if (text.startsWith('START TRANSACTION')) this.inTransaction.add(client);
      if (this.random !== null) this.onDone(label, text, result);
      return result;
    } finally {
      this.running.delete(running);
      if (text === 'COMMIT' || text === 'ROLLBACK') this.inTransaction.delete(client);
      const endsLocks = !this.inTransaction.has(client) && (!text.startsWith('SELECT') || text.includes('unlock'));
      if (endsLocks) this.mayUnblock();
      this.happened();
    }
  }

  private async cut(client: SeenClient): Promise<void> {
    const pid = client.processID;
    await this.control.query('SELECT pg_terminate_backend($1)', [pid]);
    const isThere = async (): Promise<boolean> => {
      const rows: unknown[] = await this.control.query('SELECT FROM pg_stat_activity WHERE pid = $1', [pid]);
      return rows.length > 0;
    };
    while (await isThere()) await sleep(1);
    this.mayUnblock();
  }

  private mayUnblock(): void {
    for (const running of this.running) if (running.state === 'BLOCKED') running.state = 'UNCLEAR';
  }

  /** Whether a connection is on its way to whoever asked for it; one that waits for others to give theirs back is not. */
  private isConnecting(): boolean {
    return this.connecting > [...this.pools].reduce((sum, { waitingCount }) => sum + waitingCount, 0);
  }

  private happened(): void {
    this.activity += 1;
    this.wakeUp();
  }

  private async look(unclear: readonly Running[]): Promise<void> {
    const { activity } = this;
    if (unclear.some(({ state }) => state === 'NEW')) {
      const timer = setTimeout(() => {
        this.wakeUp();
      }, patienceMs);
      await new Promise<void>((resolve) => (this.wakeUp = resolve));
      clearTimeout(timer);
      if (this.activity !== activity) return;
    }
    const rows: { pid: number }[] = await this.control.query(
      'SELECT pid FROM unnest($1::integer[]) AS pid WHERE cardinality(pg_blocking_pids(pid)) > 0',
      [unclear.map(({ pid }) => pid)],
    );
    if (this.activity !== activity) return;
    for (const one of unclear.filter(({ pid }) => rows.some((row) => row.pid === pid))) {
      if (one.state === 'NEW') this.figures.blocked += 1;
      one.state = 'BLOCKED';
    }
  }
}

function lost(): Error {
  return new Error('Connection terminated by the simulation');
}
