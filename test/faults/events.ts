/** Messages of the topic: interactions, the n-th always the same, and everything that must be refused. */

export interface Message {
  readonly key: string;
  readonly value: string | Buffer | null;
}

export interface EventOptions {
  /** number of the first; ids go on from there */
  readonly from?: number;
  readonly users?: number;
  /** milliseconds between two events */
  readonly everyMs?: number;
}

export const itemIds: readonly string[] = Array.from({ length: 60 }, (_, n) => `item ${n}`);
const kinds = ['view', 'click', 'cart', 'purchase', 'rating'] as const;
const firstAt = Date.UTC(2026, 0, 1);

/** A row of interactions. */
export function events(count: number, options: EventOptions = {}): readonly Message[] {
  const { from = 0 } = options;
  return Array.from({ length: count }, (_, index) => event(from + index, options));
}

/** The same with, for each fifty, one that is sent again and one that must be refused. */
export function traffic(count: number, options: EventOptions = {}): readonly Message[] {
  const { from = 0 } = options;
  return events(count, options).flatMap((message, index) => {
    const n = from + index;
    if (n % 50 === 10) return [message, event(Math.floor(uniform(n)() * n), options)];
    return n % 50 === 20 ? [message, malformed((n - 20) / 50)] : [message];
  });
}

/**
 * The n-th interaction. Of each hundred: two late by an hour, many at the same instant as another, ten without an id of their own,
 * some with a value, a session, properties or an id in other scripts.
 */
function event(n: number, { users = 500, everyMs = 300 }: EventOptions): Message {
  const random = uniform(n * 7919);
  const pick = (of: number): number => Math.floor(random() * of);
  const userId = n % 37 === 0 ? `Ünal 用户 ${pick(users)}` : `user ${pick(users)}`;
  const occurredAt = firstAt + Math.floor(n / 3) * 3 * everyMs - (n % 50 === 49 ? 3_600_000 : 0);
  const kind = kinds[n % kinds.length] ?? 'view';
  const body = {
    ...(n % 10 === 5 ? {} : { id: `event ${n}` }),
    userId,
    itemId: itemIds[pick(itemIds.length)],
    kind,
    occurredAt: n % 2 === 0 ? occurredAt : new Date(occurredAt).toISOString(),
    ...(kind === 'rating' ? { value: 0.5 * (1 + pick(10)) } : {}),
    ...(n % 7 === 3 ? { sessionId: `visit ${pick(50)}` } : {}),
    ...(n % 11 === 4 ? { properties: { page: n, from: ['mail', { é: null }] }, recommendationId: `answer ${n}` } : {}),
  };
  return { key: userId, value: JSON.stringify(body) };
}

/** The n-th of the messages that must be refused; all forms come in turn. */
export function malformed(n: number): Message {
  const good = { id: `bad-${n}`, userId: `user ${n % 500}`, itemId: 'item 1', kind: 'view', occurredAt: firstAt };
  const json = (changed: Readonly<Record<string, unknown>>): string => JSON.stringify({ ...good, ...changed });
  const forms: readonly (() => string | Buffer | null)[] = [
    () => json({}).slice(0, 20 + (n % 50)),
    () => null,
    () => '',
    () => ['null', '7', '"text"', '[]', 'true'][n % 5] ?? '',
    () => Buffer.from([0x7b, 0xff, 0xfe, n & 0xff]),
    () => json({ itemId: undefined }),
    () => json({ userId: null }),
    () => json({ userId: ['', '  ', 'undefined', 'NaN', 'a\0b', 'half \ud800', 'x'.repeat(257)][n % 7] }),
    () => json({ itemId: 2 ** 60 }),
    () => json({ kind: 'teleport' }),
    () => json({ value: '5' }),
    () => json({ occurredAt: Math.floor(firstAt / 1_000) }),
    () => json({ occurredAt: firstAt * 1_000 }),
    () => json({ occurredAt: '2026-02-30T00:00:00Z' }),
    () => json({ occurredAt: '2026-01-01T00:00:00' }),
    () => json({ occurredAt: '2099-01-01T00:00:00Z' }),
    () => json({ occurredAt: '1969-07-20T20:17:40Z' }),
    () => json({ properties: { text: 'x'.repeat(5_000) } }),
    () => json({ properties: ['a list'] }),
    () => json({ colour: 'red' }),
    () => json({ schemaVersion: 2 }),
  ];
  return { key: good.userId, value: (forms[n % forms.length] ?? forms[0])?.() ?? null };
}

/** mulberry32: numbers in [0, 1) */
export function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
