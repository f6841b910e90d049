import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Admin, IHeaders, Message as Outgoing, Producer } from 'kafkajs';
import { DeadLetters, type DeadLetter } from './dead-letter.js';

const letter = (value: number, headers: Readonly<Record<string, unknown>> = {}, key = 1): DeadLetter => ({
  message: {
    topic: 't',
    partition: 0,
    offset: 1n,
    timestamp: '0',
    key: Buffer.alloc(key, 'k'),
    value: Buffer.alloc(value, 'v'),
    headers: headers as IHeaders,
  },
  code: 'NOT_JSON',
  field: null,
  reason: 'no',
  attempts: 1,
});

const bytesOf = ({ key, value, headers }: Outgoing): number =>
  [key, value, ...Object.values(headers ?? {}).flat()].reduce((sum, part) => sum + (part?.length ?? 0), 0);

/** Stands for brokers that take at most so many bytes at once; the rest of the client is not asked. */
describe('dead letters', () => {
  let kept: Outgoing[];
  let maxBytes: number;
  let letters: DeadLetters;
  beforeEach(() => {
    kept = [];
    const send: Producer['send'] = async ({ messages }) => {
      if (messages.reduce((sum, message) => sum + bytesOf(message), 0) > maxBytes)
        return Promise.reject(Object.assign(new Error('too large'), { type: 'MESSAGE_TOO_LARGE' }));
      for (const value of messages.flatMap(({ headers }) => Object.values(headers ?? {}).flat()))
        Buffer.byteLength(value as string); // as kafkajs does, which throws for null
      kept.push(...messages);
      return Promise.resolve([]);
    };
    letters = new DeadLetters(
      { send } as Producer,
      {} as Admin,
      async () => Promise.resolve(),
      () => undefined,
    );
  });

  it('keep their values where only all of them together are too large', async () => {
    maxBytes = 2_000;
    await letters.send([letter(1_500), letter(1_600), letter(3_000), letter(100, { a: 'x'.repeat(1_000) })]);
    expect(kept.map(({ value }) => value?.length ?? 0)).toEqual([1_500, 1_600, 0, 100]);
    expect(kept.map(({ headers }) => headers?.['recollect-omitted-bytes'])).toEqual([
      undefined,
      undefined,
      '3000',
      undefined,
    ]);
  });

  it('keep the beginning of a value that is too large, and say how much is missing', async () => {
    maxBytes = 100_000;
    await letters.send([letter(1_000_000)]);
    expect(kept.map(({ value, headers }) => [value?.length, headers?.['recollect-omitted-bytes']])).toEqual([
      [65_536, '934464'],
    ]);
  });

  it('go out bare where the key or the headers are too large, so that they do not hold up the partition', async () => {
    maxBytes = 2_000;
    await letters.send([letter(10, { a: 'x'.repeat(3_000) }), letter(10, {}, 3_000)]);
    expect(kept).toHaveLength(2);
    for (const { key, headers } of kept) expect([key, headers?.['recollect-code']]).toEqual([null, 'NOT_JSON']);
  });

  it('have an empty header for one that was null, which the client reads but can not send', async () => {
    maxBytes = 2_000;
    await letters.send([letter(10, { a: null, b: [Buffer.from('1'), null] })]);
    expect(kept[0]?.headers).toMatchObject({ a: '', b: [Buffer.from('1'), ''] });
  });
});
