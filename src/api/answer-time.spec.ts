import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { connect, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import fastify, { type FastifyInstance } from 'fastify';
import { endAfter } from './answer-time.js';

const timeoutMs = 100;
let server: FastifyInstance;
beforeEach(() => {
  server = fastify();
  endAfter(timeoutMs, server);
  server.get('/at-once', () => 'answer');
  server.get('/never', () => new Promise(() => undefined));
  server.get('/late', async () => sleep(3 * timeoutMs, 'too late'));
  server.get('/half', (_request, reply) => {
    reply.raw.write('half');
  });
});
afterEach(async () => server.close());

it('answers 503 for what takes too long, about when the time is over, and for nothing else', async () => {
  const begun = performance.now();
  const answers = await Promise.all(['/never', '/at-once', '/late'].map((url) => server.inject(url)));
  const took = performance.now() - begun;
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([503, 200, 503]);
  expect(answers[0]?.json()).toMatchObject({ code: 'FST_ERR_HANDLER_TIMEOUT' });
  expect(took).toBeGreaterThanOrEqual(timeoutMs);
  await sleep(3 * timeoutMs); // the late answer finds that it has been given up
  expect((await server.inject('/at-once')).body).toBe('answer');
});

it('breaks off what has begun to go out', async () => {
  await server.listen({ port: 0, host: '127.0.0.1' });
  const { port } = server.server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (bytes: Buffer) => (text += bytes.toString()));
  socket.write('GET /half HTTP/1.1\r\nhost: here\r\n\r\n');
  await new Promise((resolve) => socket.once('close', resolve));
  expect(text).toContain('half');
});
