import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** The program as it is deployed, in a process of its own that can be killed. */
export class IngestProcess {
  private readonly child: ChildProcess;
  private readonly closed: Promise<unknown>;
  private output = '';

  /** `nodeFlags`: such as --cpu-prof */
  constructor(settings: Readonly<Record<string, string>>, nodeFlags: readonly string[] = []) {
    this.child = spawn(process.execPath, [...nodeFlags, 'dist/src/main.js'], {
      env: { PATH: process.env.PATH, RECOLLECT_PORT: '0', RECOLLECT_LOG_LEVEL: 'info', ...settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.on('data', (text: Buffer) => {
        this.output += text.toString();
      });
    this.closed = once(this.child, 'close');
  }

  get log(): string {
    return this.output;
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error('the process did not start');
    return this.child.pid;
  }

  /** Throws what is known of its end if it has ended; its last lines may come after it. */
  async refuseEnded(): Promise<void> {
    const { exitCode, signalCode } = this.child;
    if (exitCode === null && signalCode === null) return;
    await this.closed;
    throw new Error(`the process ended by ${signalCode ?? `itself with code ${exitCode}`}:\n${this.output}`);
  }

  get exitCode(): number | null {
    return this.child.exitCode;
  }

  /** At once; does not wait for what comes of it. */
  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** SIGKILL: nothing of the process gets to run. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** SIGTERM; returns how long the process took to end. */
  async stop(): Promise<number> {
    const asked = Date.now();
    await this.end('SIGTERM');
    return Date.now() - asked;
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exit = once(this.child, 'exit');
    this.child.kill(signal);
    await exit;
  }
}
