/**
 * A connection that asks one request after the other with as little work as there can be: what a client of the standard library takes
 * for each is about what the server takes, so that on few cores it would be the client that is measured.
 */
import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  readonly body: string;
}

const headEnd = '\r\n\r\n';

export class RawConnection {
  private text = '';
  private waiting: { resolve(answer: RawAnswer): void; reject(error: Error): void } | null = null;

  private constructor(
    private readonly socket: Socket,
    private readonly head: string,
  ) {
    socket.setEncoding('latin1').setNoDelay(true); // a byte is a character, as `content-length` counts
    socket.on('data', (part: string) => {
      this.text += part;
      this.readAnswer();
    });
    socket.on('error', (error) => this.waiting?.reject(error));
    socket.on('close', () => this.waiting?.reject(new Error('the server closed the connection')));
  }

  static async open(url: string, headers: Readonly<Record<string, string>>): Promise<RawConnection> {
    const { hostname, port, host, pathname } = new URL(url);
    const lines = [`POST ${pathname} HTTP/1.1`, `host: ${host}`];
    for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
    const socket = connect(Number(port), hostname);
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new RawConnection(socket, lines.join('\r\n'));
  }

  async ask(body: string): Promise<RawAnswer> {
    const answer = new Promise<RawAnswer>((resolve, reject) => (this.waiting = { resolve, reject }));
    this.socket.write(`${this.head}\r\ncontent-length: ${Buffer.byteLength(body)}${headEnd}${body}`);
    return answer;
  }

  close(): void {
    this.waiting = null;
    this.socket.destroy();
  }

  private readAnswer(): void {
    const end = this.text.indexOf(headEnd);
    if (end < 0) return;
    const head = this.text.slice(0, end);
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? NaN);
    const begin = end + headEnd.length;
    if (this.text.length < begin + length) return;
    const body = this.text.slice(begin, begin + length);
    this.text = this.text.slice(begin + length);
    const { waiting } = this;
    this.waiting = null;
    if (Number.isNaN(length)) waiting?.reject(new Error('an answer without content-length is not read here'));
    else waiting?.resolve({ status: Number(head.slice(9, 12)), body });
  }
}
