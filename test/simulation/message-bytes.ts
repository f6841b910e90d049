/** Messages as their producers write them, well or badly. */
import type { Fact } from './messages.js';
import type { Random } from './random.js';

export function bytesOf({ id, userId, sessionId, occurredAt, ...rest }: Fact, withId: boolean): Buffer {
  const visitor = sessionId === null ? { userId } : { sessionId };
  const time = occurredAt % 40_000 === 0 ? occurredAt : new Date(occurredAt).toISOString();
  return Buffer.from(JSON.stringify({ ...(withId ? { id } : {}), ...visitor, ...rest, occurredAt: time }));
}

const occurredAt = Date.UTC(2025, 0, 1);

/** With the code that it is refused with. */
export function malformed(random: Random): { readonly value: Buffer | null; readonly code: string } {
  const good = { id: 'bad', userId: 'user 0', itemId: 'item 0', kind: 'view', occurredAt };
  const bad = (value: unknown, code: string) => ({ value: Buffer.from(JSON.stringify(value)), code });
  return random.pick([
    { value: Buffer.from('{"id": "cut'), code: 'NOT_JSON' },
    { value: Buffer.from([0xff, 0xfe, 0x80]), code: 'NOT_JSON' },
    { value: null, code: 'MISSING_FIELD' },
    bad({ ...good, kind: 'teleport' }, 'UNKNOWN_KIND'),
    bad({ ...good, occurredAt: occurredAt / 1_000 }, 'TIME_UNIT'),
    bad({ ...good, occurredAt: '2999-01-01T00:00:00Z' }, 'TIME_IN_FUTURE'),
    bad({ ...good, userId: 'a\0b' }, 'INVALID_ID'),
    bad({ ...good, value: 'much' }, 'INVALID_VALUE'),
    bad({ ...good, color: 'red' }, 'UNKNOWN_FIELD'),
  ]);
}
