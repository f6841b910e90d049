import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createClient, type Client } from 'graphql-ws';
import { WebSocket } from 'ws';
import { revokeKey } from '../../src/api/api-key.js';
import { SubscriptionResolver } from '../../src/api/subscription.resolver.js';
import { insertRun, cancelRun } from '../../src/storage/training-run.store.js';
import {
  askOf,
  eventually,
  promoteRandom,
  putItems,
  startApi,
  startReplica,
  track,
  type RunningApi,
} from './running-api.js';

interface Message {
  readonly data?: {
    readonly memoryChanged?: { readonly interactionsApplied: number; readonly emptyReason: string | null };
    readonly trainingRunChanged?: { readonly status: string; readonly progress: { readonly step: number } | null };
  } | null;
  readonly errors?: readonly { readonly message: string; readonly extensions?: Readonly<Record<string, unknown>> }[];
}

interface Closed {
  readonly code: number;
  readonly reason: string;
}

const memory = 'subscription($id: ID!) { memoryChanged(userId: $id) { interactionsApplied emptyReason } }';
const training = 'subscription($id: ID!) { trainingRunChanged(id: $id) { status progress { step } } }';

/** What one subscription has got so far. */
class Heard {
  readonly messages: Message[] = [];
  failure: unknown = null;
  isComplete = false;
  readonly stop: () => void;

  constructor(client: Client, query: string, id: string) {
    this.stop = client.subscribe(
      { query, variables: { id } },
      {
        next: (message) => this.messages.push(message as Message),
        error: (error) => (this.failure = error),
        complete: () => (this.isComplete = true),
      },
    );
  }

  get counts(): readonly (number | undefined)[] {
    return this.messages.map(({ data }) => data?.memoryChanged?.interactionsApplied);
  }
}

describe('subscriptions', () => {
  let api: RunningApi;
  let replica: NestFastifyApplication;
  const clients: Client[] = [];
  beforeAll(async () => {
    api = await startApi('subscriptions_spec', {
      RECOLLECT_ROLE: 'api',
      RECOLLECT_SUBSCRIPTIONS_PER_CONNECTION: '3',
      RECOLLECT_SUBSCRIPTION_CONNECTIONS: '4',
    });
    await putItems(api, ['a', 'b']);
    await promoteRandom(api, ['a', 'b'], { width: 8, slots: 2 });
    replica = await startReplica(api.config, api.dataSource);
    for (const app of [api.app as NestFastifyApplication, replica]) await app.listen(0, '127.0.0.1');
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map(async (client) => client.dispose()));
  });
  afterAll(async () => {
    await replica.close();
    await api.stop();
  });

  const clientOf = (
    key: string | null,
    { app = api.app as NestFastifyApplication, on = {} }: { app?: NestFastifyApplication; on?: object } = {},
  ): Client => {
    const client = createClient({
      url: `${urlOf(app)}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      on,
      ...(key === null ? {} : { connectionParams: { Authorization: `Bearer ${key}` } }),
    });
    clients.push(client);
    return client;
  };
  const watching = () => {
    const { memories, runs } = api.app.get(SubscriptionResolver);
    return memories.size + runs.size;
  };

  it('tell the memory at once, and again when another process has changed it, until nobody wants to hear more', async () => {
    const heard = new Heard(clientOf(await api.newKey(['reader'])), memory, 'u');
    await eventually(async () => {
      expect(heard.messages).toMatchObject([{ data: { memoryChanged: { emptyReason: 'UNKNOWN_USER' } } }]);
    });
    const elsewhere: RunningApi = {
      ...api,
      ask: async (query, variables) => askOf(replica, query, variables, api.key),
    };
    await track(elsewhere, [{ userId: 'u', itemId: 'a' }]);
    await eventually(async () => {
      expect(heard.counts).toEqual([0, 1]);
    });
    await track(elsewhere, [
      { userId: 'u', itemId: 'b', occurredAt: '2026-01-02T00:00:00Z' },
      { userId: 'u', itemId: 'a', occurredAt: '2026-01-03T00:00:00Z' },
      { userId: 'other', itemId: 'a' },
    ]);
    await eventually(async () => {
      expect(heard.counts).toEqual([0, 1, 3]);
    });
    heard.stop();
    await eventually(async () => {
      expect(watching()).toBe(0);
    });
    await track(api, [{ userId: 'u', itemId: 'b', occurredAt: '2026-01-04T00:00:00Z' }]);
    await new Promise((done) => setTimeout(done, 600));
    expect(heard.counts).toEqual([0, 1, 3]);
  });

  it('tell that a memory was forgotten', async () => {
    await track(api, [{ userId: 'gone', itemId: 'a' }]);
    const heard = new Heard(clientOf(api.key), memory, 'gone');
    await eventually(async () => {
      expect(heard.counts).toEqual([1]);
    });
    const privacy = await api.newKey(['privacy']);
    await api.ask('mutation { resetMemory(input: { userId: "gone" }) { leftOut } }', {}, privacy);
    await eventually(async () => {
      expect(heard.counts.at(-1)).toBe(0);
    });
  });

  it('tell how a training goes, and end with it', async () => {
    const run = await insertRun(api.dataSource.manager, { cause: 'MUTATION', reason: null, idempotencyKey: null });
    if (run === null) throw new Error('the run was not queued');
    const heard = new Heard(clientOf(api.key), training, run.id);
    await eventually(async () => {
      expect(heard.messages).toMatchObject([{ data: { trainingRunChanged: { status: 'QUEUED', progress: null } } }]);
    });
    const progress = { phase: 'TRAINING', epoch: 1, epochs: 2, step: 7, steps: 9, loss: null, secondsLeft: null };
    await api.dataSource.query(`UPDATE training_run SET status = 'RUNNING', progress = $1`, [JSON.stringify(progress)]);
    await eventually(async () => {
      expect(heard.messages.at(-1)?.data?.trainingRunChanged).toEqual({ status: 'RUNNING', progress: { step: 7 } });
    });
    await cancelRun(api.dataSource.manager, run.id);
    await eventually(async () => {
      expect(heard.isComplete).toBe(true);
    });
    expect(heard.messages.at(-1)?.data?.trainingRunChanged).toMatchObject({ status: 'CANCELLED' });
    expect(watching()).toBe(0);
  });

  it.each([
    ['without a key', null, 'UNAUTHENTICATED'],
    ['with a key that nobody has', `rk_${'0'.repeat(12)}_${'x'.repeat(43)}`, 'UNAUTHENTICATED'],
    ['with something else', 'key', 'UNAUTHENTICATED'],
  ])('refuse a connection %s, with the reason', async (_, key, code) => {
    const heard = new Heard(clientOf(key), memory, 'u');
    await eventually(async () => {
      expect(heard.failure).not.toBeNull();
    });
    const closed = heard.failure as Closed;
    expect(closed.code).toBe(4401);
    expect(closed.reason).toContain(code);
  });

  it('take the key from the headers of the upgrade too', async () => {
    const socket = new WebSocket(`${urlOf(api.app as NestFastifyApplication)}/graphql`, 'graphql-transport-ws', {
      headers: { 'x-api-key': api.key },
    });
    await once(socket, 'open');
    socket.send('{"type":"connection_init"}');
    const [text] = (await once(socket, 'message')) as [Buffer];
    expect(JSON.parse(text.toString())).toEqual({ type: 'connection_ack' });
    socket.close();
    await once(socket, 'close');
  });

  it.each([
    ['more than the scope of the key', training, ['reader'], 'FORBIDDEN', /lacks the scope operator/],
    ['a run that is not there', training, ['operator'], 'NOT_FOUND', /no training run/],
    ['a blank user', memory, ['reader'], 'BAD_INPUT', /blank/],
    ['a query', 'query($id: ID!) { item(id: $id) { id } }', ['reader'], 'BAD_INPUT', /go over HTTP/],
    [
      'a field that is not there',
      'subscription { memoryChangd { userId } }',
      ['reader'],
      'BAD_INPUT',
      /Cannot query field/,
    ],
    ['the schema', 'subscription { __schema { types { name } } }', ['reader'], 'BAD_INPUT', /introspection/],
    ['half a document', 'subscription {', ['reader'], 'BAD_INPUT', /Syntax Error/],
    [
      'too much',
      `subscription($id: ID!) { memoryChanged(userId: $id) { ${'userId '.repeat(1_000)} } }`,
      ['reader'],
      'LIMIT_EXCEEDED',
      /tokens/,
    ],
  ] as const)('refuse %s with a code', async (_, query, scopes, code, words) => {
    const id = query === training ? '00000000-0000-0000-0000-000000000000' : ' ';
    const heard = new Heard(clientOf(await api.newKey(scopes)), query, id);
    await eventually(async () => {
      expect(heard.isComplete || heard.failure !== null).toBe(true);
    });
    const [error] = heard.messages[0]?.errors ?? (heard.failure as Message['errors']) ?? [];
    expect(error).toMatchObject({ message: expect.stringMatching(words), extensions: { code } });
    expect(watching()).toBe(0);
  });

  it('are limited for a connection, and connections for a process', async () => {
    const client = clientOf(api.key);
    const heard = Array.from({ length: 4 }, (_, n) => new Heard(client, memory, `limited ${n}`));
    await eventually(async () => {
      expect(heard.map(({ messages }) => messages.length)).toEqual([1, 1, 1, 0]);
      expect(heard[3]?.failure).toMatchObject([{ extensions: { code: 'LIMIT_EXCEEDED', found: 4, maximum: 3 } }]);
    });
    const others = Array.from({ length: 4 }, () => new Heard(clientOf(api.key), memory, 'crowd'));
    await eventually(async () => {
      const refused = others.filter(({ failure }) => failure !== null);
      expect(refused.map(({ failure }) => failure)).toMatchObject([
        { code: 1013, reason: expect.stringMatching(/^LIMIT_EXCEEDED/) },
      ]);
      expect(others.filter(({ messages }) => messages.length === 1)).toHaveLength(3);
    });
  });

  it('cost one look for all who wait, and none while nobody does', async () => {
    const looks = async (): Promise<number> => {
      const statements: string[] = [];
      const { logger } = api.dataSource;
      api.dataSource.logger = Object.assign(Object.create(logger) as typeof logger, {
        logQuery: (statement: string) => {
          if (statement.includes('FROM user_memory')) statements.push(statement);
        },
      });
      await new Promise((done) => setTimeout(done, 1_100));
      api.dataSource.logger = logger;
      return statements.length;
    };
    expect(await looks()).toBe(0);
    const heard = ['x', 'y', 'z'].map((id) => new Heard(clientOf(api.key), memory, id));
    await eventually(async () => {
      expect(heard.every(({ messages }) => messages.length === 1)).toBe(true);
    });
    const count = await looks();
    expect(count).toBeGreaterThan(1);
    expect(count).toBeLessThan(7); // a look each 250 ms, for one and for three
  });

  it('tell nothing more to a key that was revoked', async () => {
    const key = await api.newKey(['reader']);
    const heard = new Heard(clientOf(key), memory, 'u');
    await eventually(async () => {
      expect(heard.messages).toHaveLength(1);
    });
    await revokeKey(api.dataSource.manager, key.split('_')[1] ?? '');
    await track(api, [{ userId: 'u', itemId: 'b', occurredAt: '2026-01-05T00:00:00Z' }]);
    await eventually(async () => {
      expect(heard.failure).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
    });
    expect(heard.messages).toHaveLength(1);
    expect(watching()).toBe(0);
  });

  it('end with the service: clients are told to go elsewhere, one that says nothing is cut off', async () => {
    const ending = await startReplica(api.config, api.dataSource);
    await ending.listen(0, '127.0.0.1');
    const closed: Closed[] = [];
    const heard = new Heard(
      clientOf(api.key, { app: ending, on: { closed: ({ code, reason }: Closed) => closed.push({ code, reason }) } }),
      memory,
      'u',
    );
    const silent = new WebSocket(`${urlOf(ending)}/graphql`, 'graphql-transport-ws', { autoPong: false });
    await once(silent, 'open');
    silent.pause();
    await eventually(async () => {
      expect(heard.messages).toHaveLength(1);
    });
    const asked = Date.now();
    await ending.close();
    expect(Date.now() - asked).toBeLessThan(5_000); // a close frame that is not answered is waited for 30 s
    await eventually(async () => {
      expect(closed).toEqual([{ code: 1001, reason: 'the server is stopping' }]);
    });
    expect(heard.isComplete).toBe(false);
    silent.terminate();
  });
});

function urlOf(app: NestFastifyApplication): string {
  const address = app.getHttpAdapter().getInstance().server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen');
  return `ws://127.0.0.1:${address.port}`;
}
