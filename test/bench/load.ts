/**
 * Load on a GraphQL server from a process of its own, so that neither takes the other's time. Its work comes as JSON in the first
 * argument, its figures go to standard output.
 *
 *   open      requests are due at fixed times, whatever becomes of those before; the time of each counts from when it was due, so that
 *             a stall counts for all that it held up (no coordinated omission)
 *   closed    so many connections ask one request after the other, as fast as they are answered
 */
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { RawConnection } from './raw-connection.js';

export interface Load {
  readonly url: string;
  readonly key: string;
  readonly query: string;
  /** `{n}` in a value becomes the number of a user, 0 .. users - 1 */
  readonly variables: Readonly<Record<string, unknown>>;
  readonly users: number;
  readonly seconds: number;
  /** requests a second of an open load; null: closed */
  readonly perSecond: number | null;
  readonly connections: number;
}

export interface LoadFigures {
  readonly requests: number;
  readonly failed: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

async function run(load: Load): Promise<LoadFigures> {
  const { url, key, users, seconds, perSecond, connections } = load;
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` };
  const template = JSON.stringify({ query: load.query, variables: load.variables });
  const times: number[] = [];
  let failed = 0;
  let asked = 0;
  const nextBody = (): string => template.replaceAll('{n}', String((asked++ * 7_919) % users));
  const count = (due: number, isGood: boolean): void => {
    times.push(performance.now() - due);
    if (!isGood) failed += 1;
  };
  const ask = async (due: number): Promise<void> => {
    const body = nextBody();
    const isGood = await new Promise<boolean>((resolve) => {
      const sent = request(url, { method: 'POST', agent, headers }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => {
          resolve(response.statusCode === 200 && !text.includes('"errors"'));
        });
      });
      sent.on('error', () => {
        resolve(false);
      });
      sent.end(body);
    });
    count(due, isGood);
  };
  const started = performance.now();
  if (perSecond === null) {
    const one = async (): Promise<void> => {
      const connection = await RawConnection.open(url, headers);
      while (performance.now() - started < seconds * 1_000) {
        const due = performance.now();
        const { status, body } = await connection.ask(nextBody());
        count(due, status === 200 && !body.includes('"errors"'));
      }
      connection.close();
    };
    await Promise.all(Array.from({ length: connections }, one));
  } else {
    const under: Promise<void>[] = [];
    for (let n = 0; n < seconds * perSecond; n++) {
      const due = started + (1_000 * n) / perSecond;
      const early = due - performance.now();
      if (early > 0) await sleep(early);
      under.push(ask(due));
    }
    await Promise.all(under);
  }
  const took = (performance.now() - started) / 1_000;
  agent.destroy();
  times.sort((a, b) => a - b);
  const quantile = (share: number): number =>
    Number((times[Math.min(times.length - 1, Math.floor(share * times.length))] ?? NaN).toFixed(2));
  return {
    requests: times.length,
    failed,
    requestsPerSecond: Math.round(times.length / took),
    ...{ p50Ms: quantile(0.5), p90Ms: quantile(0.9), p99Ms: quantile(0.99), maxMs: quantile(1) },
  };
}

const [work] = process.argv.slice(2);
if (work !== undefined) process.stdout.write(JSON.stringify(await run(JSON.parse(work) as Load)));
