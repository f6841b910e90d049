/**
 * The order in which things happen, and what goes wrong. Every statement that a simulated process sends to Postgres waits here until
 * it is its turn; one is let go at a time, chosen by the seed, and the next one only when the program has nothing left to do and all
 * that Postgres has is answered or waits for a lock. So transactions overlap in every way, and the same seed gives the same history.
 *
 * At its turn a statement may meet a fault instead: its connection is lost before it or, a commit, after it was done; Postgres takes
 * its transaction back as it does with a deadlock; or its process dies, before it or right after it.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import type { QueryResult } from 'pg';
import type { DataSource } from 'typeorm';
import { endConnection, type Connections, type SeenClient, type Statement } from './connections.js';
import type { Duel } from './duel.js';
import { drawFault, lost, type Fault, type Faults } from './faults.js';
import { InFlight, type Answer } from './in-flight.js';
import { Order } from './order.js';
import { Quiet } from './quiet.js';
import type { Random } from './random.js';

const takenBack = `DO $$ BEGIN RAISE EXCEPTION 'taken back by the simulation' USING ERRCODE = '40P01'; END $$`;
/** In a history no time passes, so nobody waits too long for a lock. */
const timeLimit = 'SET LOCAL lock_timeout';

export class Schedule {
  /** what statements are part of, for whoever watches them */
  readonly work = new AsyncLocalStorage<unknown>();
  readonly figures = { statements: 0, blocked: 0, lost: 0, takenBack: 0, died: 0 };
  onDone: (label: unknown, text: string, result: QueryResult) => void = () => undefined;
  /** null: statements pass at once */
  private random: Random | null = null;
  private faults: Faults | null = null;
  private order: Order | null = null;
  private waiting: readonly Statement[] = [];
  private readonly inFlight: InFlight;
  private readonly inTransaction = new WeakSet<SeenClient>();
  private readonly watched = new Set<Connections>();
  private places = 0;
  private readonly quiet = new Quiet();
  private trace = createHash('sha256');

  /** `control` is not watched. */
  constructor(private readonly control: DataSource) {
    this.inFlight = new InFlight(control);
  }

  /** `stickiness`: how often the connection of the last statement goes on. */
  begin(random: Random, stickiness: number, faults: Faults): void {
    this.order = new Order(random, stickiness, this.inFlight);
    Object.assign(this, { random, faults, places: 0, trace: createHash('sha256') });
    Object.assign(this.figures, { statements: 0, lost: 0, takenBack: 0, died: 0 });
    this.inFlight.blocked = 0;
    this.quiet.begin();
  }

  endFaults(): void {
    this.faults = null;
  }

  /** From now on everything passes at once. Returns a hash of what happened in which order. */
  end(): string {
    this.figures.blocked = this.inFlight.blocked;
    this.random = null;
    for (const one of this.waiting) this.ask(one);
    this.waiting = [];
    return this.trace.digest('hex');
  }

  watch(connections: Connections): void {
    this.watched.add(connections);
  }

  nextPlace(): number {
    return (this.places += 1);
  }

  happened(): void {
    this.quiet.happened();
  }

  ask(statement: Statement): void {
    this.happened();
    if (statement.connections.isDead) return;
    if (this.random === null) statement.send().then(statement.resolve, statement.reject);
    else this.waiting = [...this.waiting, statement].sort((one, other) => one.place - other.place);
  }

  /** From the next statement on; it takes the place of one that is under way. */
  fight(duel: Duel): void {
    this.order?.fight(duel);
  }

  /** Lets one statement go; false: none waits, or all that is under way waits for locks. */
  async step(): Promise<boolean> {
    await this.settle();
    const { random, order, waiting, faults } = this;
    if (random === null || order === null || waiting.length === 0) return false;
    const one = order.next(waiting);
    this.waiting = waiting.filter((other) => other !== one);
    this.figures.statements += 1;
    const fault = faults === null ? null : drawFault(faults, this.isCommit(one), random);
    this.trace.update(`${one.place} ${one.text.slice(0, 20)} ${fault}\n`);
    await this.letGo(one, fault, random);
    return true;
  }

  /** Until the program has nothing left to do but what waits here or for a lock. */
  async settle(): Promise<void> {
    for (;;) {
      await this.quiet.comes(this.watched);
      await this.inFlight.settle();
      const answers = this.inFlight.take();
      if (answers.length === 0) return;
      for (const answer of answers) this.give(answer);
    }
  }

  /** The process is gone from one moment to the next; Postgres takes back what it had not committed. */
  async kill(connections: Connections): Promise<void> {
    if (connections.isDead) return;
    connections.end();
    this.watched.delete(connections);
    this.figures.died += 1;
    this.waiting = this.waiting.filter((other) => other.connections !== connections);
    // those that wait for a lock first: the end of another could give it to them
    const clients = connections.clients;
    const waits = clients.filter((client) => this.inFlight.has(client));
    for (const client of new Set([...waits, ...clients])) await this.cut(client);
  }

  private async letGo(one: Statement, fault: Fault | null, random: Random): Promise<void> {
    switch (fault) {
      case null:
        this.inFlight.send(one, one.text.startsWith(timeLimit) ? 'SELECT' : undefined);
        return;
      case 'takeBack': {
        const isIn = this.inTransaction.has(one.client) && one.text !== 'ROLLBACK'; // else there is nothing to take back
        if (isIn) this.figures.takenBack += 1;
        this.inFlight.send(one, isIn ? takenBack : undefined);
        return;
      }
      case 'loseAny':
        if (one.connections.inUse.size > 0) await this.lose(random.pick(one.connections.clients));
        this.inFlight.send(one);
        return;
      case 'loseConnection':
      case 'loseAnswerOfCommit':
        if (fault === 'loseAnswerOfCommit') await this.sendUnheard(one);
        await this.lose(one.client);
        one.reject(lost());
        return;
      case 'die':
      case 'dieAfterCommit':
        if (fault === 'dieAfterCommit') await this.sendUnheard(one);
        await this.kill(one.connections);
    }
  }

  /** Others hear of what it led to. */
  private async sendUnheard(one: Statement): Promise<void> {
    this.inFlight.send({ ...one, resolve: () => undefined, reject: () => undefined });
    await this.settle();
  }

  private give({ statement, result }: Answer): void {
    const { client, text, label, connections } = statement;
    if (text.startsWith('START TRANSACTION')) this.inTransaction.add(client);
    if (text === 'COMMIT' || text === 'ROLLBACK') this.inTransaction.delete(client);
    if (!(result instanceof Error)) this.onDone(label, text, result);
    if (connections.isDead) return;
    if (result instanceof Error) statement.reject(result);
    else statement.resolve(result);
  }

  /** A statement outside of a transaction is its own commit. */
  private isCommit({ client, text }: Statement): boolean {
    return text === 'COMMIT' || (!this.inTransaction.has(client) && /^(INSERT|UPDATE|DELETE)/.test(text));
  }

  private async lose(client: SeenClient): Promise<void> {
    this.figures.lost += 1;
    await this.cut(client);
  }

  private async cut(client: SeenClient): Promise<void> {
    await endConnection(this.control, client);
    this.inFlight.locksWereGiven();
  }
}
