/**
 * From an event to the answer that knows it, while other events come at a steady rate: now and then an event of a user who is not among
 * the others is sent, and the user's recommendations are asked for by GraphQL until they have seen one interaction more.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Message } from 'kafkajs';
import type { GraphqlClient } from '../../src/cli/demo/graphql-client.js';

export interface VisibleParts {
  readonly client: GraphqlClient;
  send(messages: readonly Message[]): Promise<void>;
  /** the next event of the others */
  next(): Message;
  /** of a user, by number: an event that is watched */
  watched(user: number): Message & { readonly key: string };
}

export interface VisibleFigures {
  readonly eventToVisibleP50Ms: number;
  readonly eventToVisibleP99Ms: number;
  readonly watched: number;
  /** events a second that were really sent beside them */
  readonly offeredPerSecond: number;
}

interface Answer {
  readonly recommendations: { readonly interactionsSeen: number };
}

const tickMs = 20;
const users = 50;
const warmUpMs = 5_000;

export async function measureVisible(parts: VisibleParts, perSecond: number, seconds: number): Promise<VisibleFigures> {
  const flow = new Flow(parts, perSecond);
  const sending = flow.run();
  await sleep(warmUpMs);
  const times: number[] = [];
  const from = { sent: flow.sent, at: performance.now() };
  while (performance.now() - from.at < seconds * 1_000) times.push(await timeOf(parts, times.length % users));
  const offeredPerSecond = Math.round((flow.sent - from.sent) / ((performance.now() - from.at) / 1_000));
  flow.stop();
  await sending;
  times.sort((a, b) => a - b);
  const quantile = (share: number): number => Math.round(times[Math.floor(share * times.length)] ?? NaN);
  return {
    eventToVisibleP50Ms: quantile(0.5),
    eventToVisibleP99Ms: quantile(0.99),
    watched: times.length,
    offeredPerSecond,
  };
}

/** Milliseconds from sending to the answer. */
async function timeOf({ client, send, watched }: VisibleParts, user: number): Promise<number> {
  const message = watched(user);
  const before = await seen(client, message.key);
  const started = performance.now();
  await send([message]);
  while ((await seen(client, message.key)) !== before + 1) await sleep(5);
  return performance.now() - started;
}

async function seen(client: GraphqlClient, userId: string): Promise<number> {
  const { recommendations } = await client.request<Answer>(
    'query ($userId: ID!) { recommendations(input: { userId: $userId }) { interactionsSeen items { item { id } } } }',
    { userId },
  );
  return recommendations.interactionsSeen;
}

/** Events at a rate, however long a send takes. */
class Flow {
  sent = 0;
  private isStopped = false;

  constructor(
    private readonly parts: Pick<VisibleParts, 'next' | 'send'>,
    private readonly perSecond: number,
  ) {}

  stop(): void {
    this.isStopped = true;
  }

  async run(): Promise<void> {
    const started = performance.now();
    while (!this.isStopped) {
      const due = Math.floor(((performance.now() - started) / 1_000) * this.perSecond) - this.sent;
      if (due > 0) await this.parts.send(Array.from({ length: due }, () => this.parts.next()));
      this.sent += Math.max(0, due);
      await sleep(tickMs);
    }
  }
}
