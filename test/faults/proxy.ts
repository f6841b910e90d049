/**
 * A TCP proxy that stands between the service and a server, passes what it gets, and can be told to misbehave: to delay, to swallow
 * (a black hole: nothing comes through in either direction, and nobody is told), to reset. A watch sees each piece before it goes on
 * and may withhold it.
 *
 * What a black hole swallows comes through when it ends, as TCP sends again what was not acknowledged.
 */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export type Verdict = 'pass' | 'withhold';

/** Looks at one connection. */
export interface Watch {
  fromClient(piece: Buffer): Verdict;
  fromServer(piece: Buffer): Verdict;
}

export interface Weather {
  readonly latencyMs: number;
  readonly isBlackHole: boolean;
}

/** A lane that holds more than this reads no more. */
const mostHeldBytes = 1_048_576;

export class TcpProxy {
  /** where connections that are made from now on lead */
  target = 0;
  /** makes the watch of each connection */
  watch: (() => Watch) | null = null;
  private weather: Weather = { latencyMs: 0, isBlackHole: false };
  private readonly connections = new Set<Connection>();

  private constructor(private readonly server: Server) {
    server.on('connection', (client) => {
      const upstream = connect(this.target, '127.0.0.1');
      const connection = new Connection(client, upstream, this.watch?.() ?? null, this.weather);
      this.connections.add(connection);
      const closed = (): void => {
        if (client.closed && upstream.closed) this.connections.delete(connection); // a black hole keeps one side open
      };
      client.once('close', closed);
      upstream.once('close', closed);
    });
  }

  static async listen(): Promise<TcpProxy> {
    const server = createServer({ noDelay: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpProxy(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Of all connections, those to come too. */
  setWeather(weather: Partial<Weather>): void {
    this.weather = { latencyMs: 0, isBlackHole: false, ...weather };
    for (const connection of this.connections) connection.setWeather(this.weather);
  }

  /** Ends all connections with RST, as a firewall does that forgot them; returns how many. */
  reset(): number {
    const { size } = this.connections;
    for (const connection of this.connections) connection.reset();
    return size;
  }

  async close(): Promise<void> {
    this.reset();
    this.server.close();
    await once(this.server, 'close');
  }
}

class Connection {
  private readonly lanes: readonly Lane[];

  constructor(
    private readonly client: Socket,
    private readonly server: Socket,
    watch: Watch | null,
    weather: Weather,
  ) {
    const withheld = (): void => {
      this.reset();
    };
    this.lanes = [
      new Lane(client, server, weather, (piece) => watch?.fromClient(piece) ?? 'pass', withheld),
      new Lane(server, client, weather, (piece) => watch?.fromServer(piece) ?? 'pass', withheld),
    ];
  }

  setWeather(weather: Weather): void {
    for (const lane of this.lanes) lane.setWeather(weather);
  }

  reset(): void {
    this.client.resetAndDestroy();
    this.server.resetAndDestroy();
  }
}

/** One direction of a connection. */
class Lane {
  private readonly held: { readonly piece: Buffer | 'end'; readonly dueAt: number }[] = [];
  private heldBytes = 0;
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly from: Socket,
    private readonly to: Socket,
    private weather: Weather,
    see: (piece: Buffer) => Verdict,
    withheld: () => void,
  ) {
    from.setNoDelay(true);
    from.on('data', (piece) => {
      if (see(piece) === 'pass') this.take(piece, piece.length);
      else withheld();
    });
    from.on('error', () => undefined); // 'close' follows
    from.on('close', () => {
      this.take('end', 0);
    });
    to.on('drain', () => {
      this.pump();
    });
  }

  setWeather(weather: Weather): void {
    this.weather = weather;
    this.pump();
  }

  private take(piece: Buffer | 'end', bytes: number): void {
    const last = this.held.at(-1)?.dueAt ?? 0;
    this.held.push({ piece, dueAt: Math.max(last, Date.now() + this.weather.latencyMs) }); // in order, whatever the weather was
    this.heldBytes += bytes;
    if (this.heldBytes > mostHeldBytes) this.from.pause();
    this.pump();
  }

  private pump(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    while (!this.weather.isBlackHole && !this.to.writableNeedDrain) {
      const [next] = this.held;
      if (next === undefined) break;
      const wait = next.dueAt - Date.now();
      if (wait > 0) {
        this.timer = setTimeout(() => {
          this.pump();
        }, wait);
        return;
      }
      this.held.shift();
      if (next.piece === 'end') this.to.destroy();
      else {
        this.heldBytes -= next.piece.length;
        this.to.write(next.piece);
      }
    }
    if (this.heldBytes <= mostHeldBytes && this.from.isPaused()) this.from.resume();
  }
}
