import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ensureOperatorKey, revokeKey } from '../../src/api/api-key.js';
import { freshDatabase } from '../fresh-database.js';
import { startApi, type RunningApi } from './running-api.js';

const read = '{ liveModel { version } }';
const write = 'mutation { deleteItems(input: { ids: [] }) { deleted } }';
const operate = '{ trainingRuns { edges { cursor } } }';

describe('access', () => {
  let api: RunningApi;
  beforeAll(async () => {
    api = await startApi('access_spec');
  });
  afterAll(async () => api.stop());

  it.each([
    ['no key', async () => Promise.resolve(null), 'UNAUTHENTICATED', /is needed/],
    ['something else than a key', async () => Promise.resolve('secret'), 'UNAUTHENTICATED', /malformed/],
    [
      'a key that nobody made',
      async () => Promise.resolve(`rk_000000000000_${'x'.repeat(43)}`),
      'UNAUTHENTICATED',
      /not known/,
    ],
    [
      'a key with another secret',
      async () => `${(await api.newKey(['reader'])).slice(0, -43)}${'x'.repeat(43)}`,
      'UNAUTHENTICATED',
      /not known/,
    ],
    ['a key that was revoked', async () => revoked(await api.newKey(['reader'])), 'UNAUTHENTICATED', /was revoked at/],
    [
      'a key that has expired',
      async () => api.newKey(['reader'], new Date(Date.now() - 1)),
      'KEY_EXPIRED',
      /expired at/,
    ],
  ])('is refused to %s, and says why', async (_, keyOf, code, message) => {
    const { status, data, errors } = await api.ask(read, undefined, await keyOf());
    expect({ status, data }).toEqual({ status: 401, data: undefined });
    expect(errors).toMatchObject([{ message: expect.stringMatching(message), extensions: { code } }]);
  });

  const revoked = async (key: string): Promise<string> => {
    await revokeKey(api.dataSource.manager, key.slice(3, 15));
    return key;
  };

  it('looks at the key before the document', async () => {
    const { status, errors } = await api.ask('{ not GraphQL', undefined, null);
    expect(status).toBe(401);
    expect(errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
  });

  it.each([
    ['reader', [read], [write, operate]],
    ['writer', [write], [read, operate]],
    ['operator', [read, write, operate], []],
    ['privacy', [], [read, write, operate]],
  ] as const)('gives a %s what its scope allows and no more', async (scope, allowed, forbidden) => {
    const key = await api.newKey([scope]);
    for (const query of allowed) expect((await api.ask(query, undefined, key)).errors).toEqual([]);
    for (const query of forbidden) {
      const { errors } = await api.ask(query, undefined, key);
      expect(errors).toMatchObject([
        {
          message: expect.stringMatching(/lacks the scope (reader|writer|operator)/),
          extensions: { code: 'FORBIDDEN' },
        },
      ]);
    }
  });

  it('takes the key from either header', async () => {
    const payload = JSON.stringify({ query: read });
    const headers = { 'content-type': 'application/json', 'x-api-key': api.key };
    expect((await api.send({ method: 'POST', url: '/graphql', headers, payload })).json()).toEqual({
      data: { liveModel: null },
    });
  });

  it('keeps nothing of a key but its hash', async () => {
    const rows: unknown[] = await api.dataSource.query('SELECT * FROM api_key');
    expect(JSON.stringify(rows)).not.toContain(api.key.slice(16));
  });

  it('is open on a loopback address where it is switched off', async () => {
    const open = await startApi('open_access_spec', { RECOLLECT_AUTHENTICATION: 'off' });
    try {
      for (const query of [read, write, operate]) expect((await open.ask(query, undefined, null)).errors).toEqual([]);
    } finally {
      await open.stop();
    }
  });
});

it('the first start makes one operator key, though two processes start together', async () => {
  const { dataSource, config, drop } = await freshDatabase('first_key_spec');
  try {
    const made = await Promise.all([1, 2, 3].map(async () => ensureOperatorKey(dataSource, config.databaseSchema)));
    expect(made.filter((key) => key !== null)).toEqual([expect.stringMatching(/^rk_[0-9a-f]{12}_[\w-]{43}$/)]);
    expect(await dataSource.query('SELECT scopes FROM api_key')).toEqual([{ scopes: ['operator'] }]);
    await revokeKey(dataSource.manager, (made.find((key) => key !== null) ?? '').slice(3, 15));
    expect(await ensureOperatorKey(dataSource, config.databaseSchema)).toBeNull();
  } finally {
    await drop();
  }
});
