/** The connections of a process: what it asks Postgres goes to the schedule. They outlive a history, unless the process dies in it. */
import { finished, type Writable } from 'node:stream';
import type { Client, Pool, QueryResult } from 'pg';
import type { DataSource } from 'typeorm';
import type { Config } from '../../src/config.js';
import { createDataSource } from '../../src/storage/data-source.js';
import { lost } from './faults.js';
import type { Schedule } from './schedule.js';

export type SeenClient = Client & { readonly processID: number };

export interface Statement {
  readonly connections: Connections;
  readonly client: SeenClient;
  /** in the order in which connections were asked for, which is not that in which they were there */
  readonly place: number;
  readonly text: string;
  /** what it is part of */
  readonly label: unknown;
  /** Sends it to Postgres, or something else in its place. */
  send(instead?: string): Promise<QueryResult>;
  resolve(result: QueryResult): void;
  reject(error: unknown): void;
}

type Query = (...args: readonly unknown[]) => Promise<QueryResult>;
type Connected = (error: unknown, client: SeenClient | undefined, release: (error?: unknown) => void) => void;

export class Connections {
  /** and the places of those who have them */
  readonly inUse = new Map<SeenClient, number>();
  /** resolves when the process is gone; nothing of it is answered any more, so that it does nothing any more either */
  readonly death: Promise<null>;
  isDead = false;
  private die: () => void = () => undefined;
  private connecting = 0;
  /** copies whose end is on its way */
  private copiesEnding = 0;
  private readonly watched = new WeakSet<SeenClient>();
  private readonly pool: Pool;

  private constructor(
    readonly dataSource: DataSource,
    private readonly schedule: Schedule,
  ) {
    this.death = new Promise((resolve) => {
      this.die = () => {
        resolve(null);
      };
    });
    this.pool = (dataSource.driver as unknown as { master: Pool }).master;
    const connect = this.pool.connect.bind(this.pool) as unknown as (connected: Connected) => void;
    this.pool.connect = ((connected: Connected) => {
      this.connect(connect, connected);
    }) as unknown as Pool['connect'];
  }

  static async open(config: Config, schedule: Schedule): Promise<Connections> {
    const dataSource = createDataSource(config);
    // the machine may be slow, and a timer says that the program sleeps
    const extra: unknown = dataSource.options.extra;
    dataSource.setOptions({ connectTimeoutMS: 0, extra: { ...(extra as object), idleTimeoutMillis: 0 } });
    const connections = new Connections(await dataSource.initialize(), schedule);
    schedule.watch(connections);
    return connections;
  }

  /** Those in use, in the order of their places. */
  get clients(): readonly SeenClient[] {
    return [...this.inUse].sort(([, one], [, other]) => one - other).map(([client]) => client);
  }

  /** Whether one is on its way to whoever asked for it, or a copy ends; those who wait for others to give theirs back don't count. */
  get isBusy(): boolean {
    return this.connecting > this.pool.waitingCount || this.copiesEnding > 0;
  }

  end(): void {
    this.isDead = true;
    this.die();
  }

  private connect(connect: (connected: Connected) => void, connected: Connected): void {
    if (this.isDead) return;
    this.connecting += 1;
    const place = this.schedule.nextPlace();
    connect((error, client, release) => {
      this.connecting -= 1;
      this.schedule.happened();
      if (client !== undefined) this.watch(client);
      if (this.isDead) {
        release(lost());
        return;
      }
      if (client !== undefined) this.inUse.set(client, place);
      connected(error, client, (fault) => {
        if (client !== undefined) this.inUse.delete(client);
        release(fault);
      });
    });
  }

  private watch(client: SeenClient): void {
    if (this.watched.has(client)) return;
    this.watched.add(client);
    client.on('error', () => undefined);
    client.on('end', () => this.inUse.delete(client));
    const query = client.query.bind(client) as Query;
    void query('SET synchronous_commit = off').catch(() => undefined); // Postgres itself does not crash here
    const asked: Query = async (...args) =>
      new Promise((resolve, reject) => {
        this.schedule.ask({
          ...{ connections: this, client, place: this.inUse.get(client) ?? 0, text: String(args[0]), resolve, reject },
          label: this.schedule.work.getStore(),
          send: async (instead) => (instead === undefined ? query(...args) : query(instead)),
        });
      });
    const ask = (...args: readonly unknown[]): unknown =>
      typeof args[0] === 'string' ? asked(...args) : this.follow(query(...args) as unknown as Writable);
    client.query = ask as typeof client.query;
  }

  /** A copy belongs to the transaction of the statements around it: nothing else happens from when its end is sent until it is there. */
  private follow(copy: Writable): Writable {
    let isEnding = false;
    const ending = (): void => {
      if (isEnding) return;
      isEnding = true;
      this.copiesEnding += 1;
      finished(copy, () => {
        this.copiesEnding -= 1;
        this.schedule.happened();
      });
    };
    const [end, destroy] = [copy.end.bind(copy), copy.destroy.bind(copy)];
    copy.end = ((...args: Parameters<typeof end>) => (ending(), end(...args))) as typeof copy.end;
    copy.destroy = (error) => (ending(), destroy(error));
    return copy;
  }
}

/** Ends a connection from the side of Postgres, which gives its locks back before. `control` is another one. */
export async function endConnection(control: DataSource, client: SeenClient): Promise<void> {
  const isKnown = new Promise((resolve) => client.once('end', resolve));
  const sql = 'SELECT pg_terminate_backend($1) AS done'; // to let it wait would make it look every 100 ms
  const [ended] = await control.query<{ done: boolean }[]>(sql, [client.processID]);
  if (ended?.done === true) await isKnown;
}
