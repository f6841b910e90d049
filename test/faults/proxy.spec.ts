import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { TcpProxy } from './proxy.js';

let echo: Server;
let accepted: Socket[];
let proxy: TcpProxy;
let client: Socket;
beforeEach(async () => {
  accepted = [];
  echo = createServer((socket) => {
    accepted.push(socket);
    socket.on('error', () => undefined).pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(echo, 'listening');
  proxy = await TcpProxy.listen();
  proxy.target = (echo.address() as AddressInfo).port;
  client = await open();
});
afterEach(async () => {
  client.destroy();
  await proxy.close();
  echo.close();
});

async function open(): Promise<Socket> {
  const socket = connect(proxy.port, '127.0.0.1').on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

async function answerTo(text: string): Promise<string> {
  client.write(text);
  let answer = '';
  while (answer.length < text.length) answer += String((await once(client, 'data'))[0]);
  return answer;
}

it('passes what it gets, more than it holds at a time too', async () => {
  expect(await answerTo('hello')).toBe('hello');
  const much = 'x'.repeat(5_000_000);
  expect(await answerTo(much)).toBe(much);
});

it('keeps each piece back for the latency, in both directions and in order', async () => {
  proxy.setWeather({ latencyMs: 100 });
  const started = performance.now();
  const answer = answerTo('one,two');
  await sleep(20);
  proxy.setWeather({});
  expect(await answer).toBe('one,two');
  expect(performance.now() - started).toBeGreaterThanOrEqual(98);
  expect(await answerTo('three')).toBe('three');
});

it('lets nothing through while it is a black hole, and then all of it, the end of a connection too', async () => {
  await answerTo('hello');
  proxy.setWeather({ isBlackHole: true });
  const heard: string[] = [];
  client.on('data', (piece) => heard.push(String(piece)));
  client.on('close', () => heard.push('closed'));
  client.write('swallowed');
  accepted[0]?.end('the last');
  const late = await open();
  late.on('data', (piece) => heard.push(`late ${String(piece)}`));
  late.write('swallowed, too');
  await sleep(200);
  expect(heard).toEqual([]);
  proxy.setWeather({});
  while (heard.length < 3) await sleep(5);
  expect(heard.toSorted()).toEqual(['closed', 'late swallowed, too', 'the last']);
  late.destroy();
});

it('resets all connections', async () => {
  await answerTo('hello');
  const failed = new Promise((done) => client.once('error', done));
  expect(proxy.reset()).toBe(1);
  expect(await failed).toMatchObject({ code: 'ECONNRESET' });
});

it('withholds the piece that its watch says so of, and with it the connection', async () => {
  const seen: string[] = [];
  proxy.watch = () => ({
    fromClient: (piece) => {
      seen.push(String(piece));
      return String(piece) === 'stop' ? 'withhold' : 'pass';
    },
    fromServer: () => 'pass',
  });
  client.destroy();
  client = await open();
  expect(await answerTo('go')).toBe('go');
  const heard: unknown[] = [];
  client.on('data', (piece) => heard.push(piece));
  client.write('stop');
  await new Promise((done) => client.once('close', done));
  expect([seen, heard]).toEqual([['go', 'stop'], []]);
});
