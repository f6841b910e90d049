import { expect, it } from '@jest/globals';
import type { Watch } from './proxy.js';
import { watchKafka, watchPostgres, type Sight } from './wire.js';

const text = (...parts: readonly string[]): Buffer => Buffer.from(parts.map((part) => `${part}\0`).join(''));

/** A message of Postgres: a letter, the length with itself, the rest. */
function message(letter: string, rest: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(rest.length + 4);
  return Buffer.concat([Buffer.from(letter), length, rest]);
}
const query = (sql: string): Buffer => message('Q', text(sql));
const parse = (sql: string): Buffer => message('P', Buffer.concat([text('', sql), Buffer.alloc(2)]));
const complete = (tag: string): Buffer => message('C', text(tag));
const startUp = message('', Buffer.concat([Buffer.from([0, 3, 0, 0]), text('user', 'me', '')]));
const share = parse('SELECT pg_advisory_xact_lock_shared($1, hashtext($2))');
const lock = parse(
  'SELECT next_offset, owner_epoch\n FROM consumer_progress WHERE topic = $1 AND partition = $2 FOR UPDATE',
);
const advance = parse('UPDATE consumer_progress SET next_offset = greatest(next_offset, $3)');

function watched(of: (onSight: (sight: Sight) => 'pass' | 'withhold') => Watch): {
  readonly watch: Watch;
  readonly sights: Sight[];
} {
  const sights: Sight[] = [];
  return {
    sights,
    watch: of((sight) => {
      sights.push(sight);
      return sight === 'commit answered' ? 'withhold' : 'pass';
    }),
  };
}

it('tells the commit of a batch from that of another transaction, however the stream is cut into pieces', () => {
  const { watch, sights } = watched(watchPostgres);
  const client = [startUp, query('START TRANSACTION'), share, lock, advance];
  for (const byte of Buffer.concat([...client, query('COMMIT')])) watch.fromClient(Buffer.of(byte));
  expect(sights).toEqual(['batch begun', 'progress locked', 'commit sent']);
  expect(watch.fromServer(Buffer.concat([message('D', text('COMMIT')), complete('UPDATE 1')]))).toBe('pass');
  expect(watch.fromServer(complete('COMMIT'))).toBe('withhold');
  expect(sights.at(-1)).toBe('commit answered');

  watch.fromClient(Buffer.concat([query('START TRANSACTION'), query('COMMIT')]));
  expect(watch.fromServer(complete('COMMIT'))).toBe('pass');
  expect(sights).toHaveLength(4);

  watch.fromClient(Buffer.concat([query('START TRANSACTION'), lock, query('ROLLBACK')]));
  watch.fromServer(complete('ROLLBACK'));
  expect(sights.slice(4)).toEqual(['progress locked', 'rollback answered']);
});

it("finds the brokers' answer to an offset commit by its correlation", () => {
  const request = (api: number, correlation: number): Buffer => {
    const bytes = Buffer.alloc(16);
    bytes.writeInt32BE(12);
    bytes.writeInt16BE(api, 4);
    bytes.writeInt32BE(correlation, 8);
    return bytes;
  };
  const response = (correlation: number): Buffer => {
    const bytes = Buffer.alloc(10);
    bytes.writeInt32BE(6);
    bytes.writeInt32BE(correlation, 4);
    return bytes;
  };
  const { watch, sights } = watched(watchKafka);
  watch.fromClient(Buffer.concat([request(1, 7), request(8, 8), request(12, 9)]));
  expect(sights).toEqual(['offset commit sent']);
  watch.fromServer(Buffer.concat([response(7), response(9)]));
  expect(sights).toHaveLength(1);
  for (const byte of response(8)) watch.fromServer(Buffer.of(byte));
  expect(sights).toEqual(['offset commit sent', 'offset commit answered']);
});
