/** A Postgres and a broker that can be stopped, killed and started again, each with a proxy on a port that stays. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from '../../src/errors.js';
import { startKafka, type RunningKafka } from '../../src/embedded/kafka.js';
import { freePort, startPostgres, type RunningPostgres } from '../../src/embedded/postgres.js';
import { TcpProxy } from './proxy.js';
import { brokerPid, postmasterPid } from '../server-pids.js';

export class Services {
  private postgres: RunningPostgres | null = null;
  private kafka: RunningKafka | null = null;

  private constructor(
    private readonly folder: string,
    readonly postgresProxy: TcpProxy,
    readonly kafkaProxy: TcpProxy,
    private readonly kafkaPort: number,
  ) {}

  static async start(folder: string): Promise<Services> {
    const services = new Services(folder, await TcpProxy.listen(), await TcpProxy.listen(), await freePort());
    services.kafkaProxy.target = await freePort();
    await services.startPostgres();
    await services.startKafka();
    return services;
  }

  /** Without a proxy, for who looks on. */
  get databaseUrl(): string {
    if (this.postgres === null) throw new Error('Postgres is stopped');
    return this.postgres.url;
  }

  get brokers(): string {
    return `127.0.0.1:${this.kafkaPort}`;
  }

  /** Through the proxy, for the service. */
  get proxied(): { readonly databaseUrl: string; readonly brokers: string } {
    const url = new URL(this.databaseUrl);
    url.port = String(this.postgresProxy.port);
    return { databaseUrl: url.toString(), brokers: `127.0.0.1:${this.kafkaProxy.port}` };
  }

  async startPostgres(): Promise<void> {
    this.postgres = await startPostgres(this.folder);
    this.postgresProxy.target = this.postgres.port;
  }

  async stopPostgres(): Promise<void> {
    const { postgres } = this;
    this.postgres = null;
    await postgres?.stop();
  }

  /** SIGKILL to each of its processes: what was not written yet is lost, as by a loss of power to that process. */
  async killPostgres(): Promise<void> {
    const postmaster = postmasterPid(this.folder);
    this.postgres = null;
    await killAll([postmaster, ...childrenOf(postmaster)]);
  }

  async startKafka(): Promise<void> {
    const proxied = { behind: this.kafkaProxy.target, advertised: this.kafkaProxy.port };
    this.kafka = await startKafka(this.folder, undefined, { own: this.kafkaPort, proxied });
  }

  async killKafka(): Promise<void> {
    await killAll([brokerPid(this.folder)]);
    await this.kafka?.stop(); // which takes note of it
    this.kafka = null;
  }

  /** Starts again what a scenario left away. */
  async restore(): Promise<void> {
    if (this.postgres === null) await this.startPostgres();
    if (this.kafka === null) await this.startKafka();
  }

  async stop(): Promise<void> {
    await Promise.all([this.stopPostgres(), this.kafka?.stop()]);
    await Promise.all([this.postgresProxy.close(), this.kafkaProxy.close()]);
  }
}

async function killAll(pids: readonly number[]): Promise<void> {
  for (const pid of pids) {
    if (!(pid > 1)) throw new Error(`${pid} is no process of the test`);
    send(pid, 'SIGKILL');
  }
  while (pids.some((pid) => isRunning(pid))) await sleep(20);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error; // it ended by itself
  }
}

/** A process that nobody waited for yet is no more. */
function isRunning(pid: number): boolean {
  const state = statusOf(pid)?.match(/^State:\s*(\w)/m)?.[1];
  return state !== undefined && state !== 'Z' && state !== 'X';
}

function childrenOf(parent: number): readonly number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && Number(statusOf(pid)?.match(/^PPid:\s*(\d+)/m)?.[1]) === parent);
}

/** Most that the process ever had in memory, bytes; 0 when it is gone. */
export function peakRssOf(pid: number): number {
  return 1024 * Number(statusOf(pid)?.match(/^VmHWM:\s*(\d+)/m)?.[1] ?? 0);
}

function statusOf(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return null;
  }
}
