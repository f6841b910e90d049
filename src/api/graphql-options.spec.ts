import { expect, it } from '@jest/globals';
import { pino } from 'pino';
import { DataSource } from 'typeorm';
import { readConfig } from '../config.js';
import type { Access } from './access.js';
import { graphqlOptions } from './graphql-options.js';

it('a key that can not be looked up because the database is away gets 503 and not 500', async () => {
  const away = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  const access = { callerOf: () => Promise.reject(away) } as unknown as Access;
  const dataSource = new DataSource({ type: 'postgres' });
  const options = graphqlOptions(readConfig({}), pino({ level: 'silent' }), dataSource, access);
  const context = options.context as (request: { readonly id: string }) => Promise<unknown>;
  await expect(context({ id: 'r' })).rejects.toMatchObject({
    extensions: { http: { status: 503 } },
    originalError: away,
  });
});
