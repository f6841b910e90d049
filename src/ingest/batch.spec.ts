import { beforeEach, describe, expect, it } from '@jest/globals';
import { RecollectError } from '../errors.js';
import type { Position } from '../storage/consumer-progress.store.js';
import { batchApplier, TurnOver, type ApplyBatch, type Turn } from './batch.js';
import type { DeadLetter } from './dead-letter.js';
import type { Message } from './message.js';

const position: Position = { topic: 't', partition: 0, ownerEpoch: 1n, startOffset: 10n, endOffset: 20n };
const message = (offset: number): Message => ({
  topic: 't',
  partition: 0,
  offset: BigInt(offset),
  timestamp: '0',
  key: null,
  value: Buffer.from(String(offset)),
  headers: {},
});

/** What the writer did: the offsets of each transaction that went through, and its end. */
interface Written {
  readonly offsets: readonly number[];
  readonly end: number;
}

describe('a batch', () => {
  let written: Written[];
  let letters: DeadLetter[];
  let waits: number;
  /** at what the settings refuse, and how many of them fail */
  let looks: number;
  let awayLooks: number;
  let fault: (offsets: readonly number[]) => Error | null;
  const turn: Turn = {
    wait: async () => {
      waits += 1;
      return waits > 50 ? Promise.reject(new TurnOver()) : Promise.resolve();
    },
  };
  const apply: ApplyBatch = async (...batch) =>
    batchApplier<number>(
      {
        read: ({ offset }) => {
          if (offset % 7n === 3n) throw new RecollectError('NOT_JSON', 'no', { field: 'f' });
          return Number(offset);
        },
        refuse: async (values) => {
          if (++looks <= awayLooks) return Promise.reject(Object.assign(new Error('down'), { code: '57P01' }));
          const error = new RecollectError('UNKNOWN_ITEM', 'no', { field: 'itemId' });
          return Promise.resolve(new Map(values.filter((value) => value === 8).map((value) => [value, error])));
        },
        write: async (values, { endOffset }) => {
          const offsets = values.map(({ value }) => value);
          const error = fault(offsets);
          if (error !== null) return Promise.reject(error);
          written.push({ offsets, end: Number(endOffset) });
          return Promise.resolve();
        },
      },
      {
        send: async (sent) => {
          letters.push(...sent);
          return Promise.resolve();
        },
      },
    )(...batch);
  beforeEach(() => {
    written = [];
    letters = [];
    waits = 0;
    looks = 0;
    awayLooks = 0;
    fault = () => null;
  });

  it('is written in one go, without what is refused', async () => {
    await apply([1, 2, 3, 4].map(message), position, turn);
    expect(written).toEqual([{ offsets: [1, 2, 4], end: 20 }]);
    expect(letters.map(({ message: { offset }, code, field, attempts }) => [offset, code, field, attempts])).toEqual([
      [3n, 'NOT_JSON', 'f', 1],
    ]);
  });

  it('is written without what the settings refuse, however often the database is away when it is asked', async () => {
    awayLooks = 3;
    await apply([7, 8, 9].map(message), position, turn);
    expect(written).toEqual([{ offsets: [7, 9], end: 20 }]);
    expect(letters.map(({ message: { offset }, code, field }) => [offset, code, field])).toEqual([
      [8n, 'UNKNOWN_ITEM', 'itemId'],
    ]);
    expect(waits).toBe(3);
  });

  it('moves the offset even when all of it is refused', async () => {
    await apply([message(3), message(10)], position, turn);
    expect(written).toEqual([{ offsets: [], end: 20 }]);
    expect(letters).toHaveLength(2);
  });

  it('is halved until the culprit stands alone; every message is written once and the offset never passes one that is not', async () => {
    fault = (offsets) => (offsets.includes(6) ? new Error('a bug') : null);
    const offsets = [0, 1, 2, 4, 5, 6, 7, 9];
    await apply(offsets.map(message), position, turn);
    expect(written.flatMap((one) => one.offsets)).toEqual(offsets.filter((offset) => offset !== 6));
    expect(letters.map(({ message: { offset }, code, attempts }) => [offset, code, attempts])).toEqual([
      [6n, 'INTERNAL', 5],
    ]);
    const ends = written.map(({ end }) => end);
    expect(ends).toEqual(ends.toSorted((one, other) => one - other));
    expect(ends.at(-1)).toBe(20);
    for (const { offsets: some, end } of written) expect(some.every((offset) => offset < end)).toBe(true);
    expect(waits).toBe(4);
  });

  const outside: readonly (readonly [string, Error])[] = [
    ['a deadlock', Object.assign(new Error('deadlock'), { code: '40P01' })],
    ['a lost connection', Object.assign(new Error('reset'), { code: 'ECONNRESET' })],
    ['a missing table', Object.assign(new Error('relation'), { code: '42P01' })],
    ['a switched model', new RecollectError('MODEL_SWITCHED', 'switched')],
  ];
  it.each(outside)('waits for the end of %s, and sends nothing to the dead letters', async (_, error) => {
    let times = 0;
    fault = () => (++times <= 20 ? error : null);
    await apply([message(1), message(2)], position, turn);
    expect(written).toEqual([{ offsets: [1, 2], end: 20 }]);
    expect([letters, waits]).toEqual([[], 20]);
  });

  it('is left to another owner at once', async () => {
    fault = () => new RecollectError('OWNER_REPLACED', 'other');
    await expect(apply([message(1)], position, turn)).rejects.toMatchObject({ code: 'OWNER_REPLACED' });
    expect([letters, waits]).toEqual([[], 0]);
  });

  it('is given up, with nothing lost, when the turn ends', async () => {
    fault = () => Object.assign(new Error('down'), { code: '57P01' });
    await expect(apply([message(1)], position, turn)).rejects.toThrow(TurnOver);
    expect([letters, written]).toEqual([[], []]);
  });
});
