import { Agent, request } from 'node:http';
import { expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { startApi } from './running-api.js';

it('ends a stop when the requests under way are answered, whatever connections are kept alive', async () => {
  const api = await startApi('stop_spec');
  const app = api.app as NestFastifyApplication;
  await app.listen(0, '127.0.0.1');
  const agent = new Agent({ keepAlive: true });
  const items = Array.from({ length: 1_000 }, (_, number) => ({ id: `item-${number}`, title: 'a title' }));
  const query = 'mutation ($input: PutItemsInput!) { putItems(input: $input) { written } }';
  const arrived = new Promise<void>((done) => {
    app
      .getHttpAdapter()
      .getInstance()
      .server.once('request', () => {
        done();
      });
  });
  const answered = new Promise<string>((done, failed) => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${api.key}` };
    const sent = request(`${urlOf(app)}/graphql`, { agent, method: 'POST', headers }, (response) => {
      let body = '';
      response.on('data', (text: Buffer) => (body += text.toString()));
      response.on('end', () => {
        done(body);
      });
    });
    sent.on('error', failed);
    sent.end(JSON.stringify({ query, variables: { input: { items } } }));
  });
  await arrived;
  const asked = Date.now();
  await api.stop();
  expect(await answered).toContain('"written":1000');
  expect(Date.now() - asked).toBeLessThan(10_000); // connections are kept alive for more than a minute
  agent.destroy();
}, 60_000);

function urlOf(app: NestFastifyApplication): string {
  const address = app.getHttpAdapter().getInstance().server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen');
  return `http://127.0.0.1:${address.port}`;
}
