/**
 * What lies in the topics: messages as producers write them, each with what it means, said here and not by the product's reading.
 * Users are few, so that they meet; times stand on a coarse grid, so that many are equal; keys come again, with the same content or not.
 */
import type { Random } from './random.js';

export interface Fact {
  readonly userId: string;
  readonly id: string;
  readonly sessionId: string | null;
  readonly itemId: string;
  readonly kind: string;
  readonly value: number | null;
  readonly occurredAt: number;
  readonly properties: Readonly<Record<string, unknown>> | null;
}

export interface Profile {
  readonly userId: string;
  /** null: it is deleted */
  readonly properties: Readonly<Record<string, unknown>> | null;
}

/** What a user does to what is kept of him. */
export type Edit =
  | { readonly kind: 'reset' | 'erase'; readonly userId: string }
  | {
      readonly kind: 'forget';
      readonly userId: string;
      readonly itemIds: readonly string[];
      /** whether the interaction, one of this user, is of these items */
      selects(fact: Fact): boolean;
    };

export interface Lying {
  readonly offset: bigint;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly fact: Fact | null;
  readonly profile: Profile | null;
  /** what it is refused with; null: it is good */
  readonly code: string | null;
  /** whom it speaks of, anyhow */
  readonly userIds: readonly string[];
}

export const knownItems = Array.from({ length: 10 }, (_, n) => `item ${n}`);
export const knownKinds = ['cart', 'view'];
export const poisonItem = 'poison';
const items = [...knownItems, 'unheard of', 'new'];
const kinds = [...knownKinds, 'purchase', 'rating'];
const ofSession = 'session:';
const start = Date.UTC(2025, 0, 1);

type Content = Omit<Fact, 'id'>;

export class Messages {
  private readonly given: Fact[] = [];
  private made = 0;

  constructor(
    private readonly random: Random,
    private readonly users: number,
  ) {}

  /** A message of the topic of interactions at this place. */
  interaction(topic: string, partition: number, offset: bigint, poison: boolean): Lying {
    const { random } = this;
    const timestamp = String(start + this.made * 1_000 + random.below(3));
    const place = `kafka:${topic}:${partition}:${offset}:${timestamp}`;
    const key = random.chance(0.1) ? null : Buffer.from(`user ${random.below(this.users)}`);
    const lie = (fact: Fact | null, value: Buffer | null, code: string | null): Lying => ({
      ...{ offset, timestamp, key, value, fact, profile: null, code },
      userIds: [String(key), fact?.userId ?? (value?.includes('"user 0"') === true ? 'user 0' : '')],
    });
    if (poison) {
      const fact = { ...this.content(), id: this.newId(), itemId: poisonItem };
      return lie(fact, bytesOf(fact, true), 'INTERNAL');
    }
    if (random.chance(0.08)) {
      const { value, code } = this.malformed();
      return lie(null, value, code);
    }
    const fact = this.fact(place);
    return lie(fact, bytesOf(fact, fact.id !== place), null);
  }

  /** A message of the topic of users. */
  profile(offset: bigint): Lying {
    const { random } = this;
    const userId = `user ${random.below(this.users)}`;
    const timestamp = String(start + Number(offset));
    const lie = (profile: Profile | null, value: string | null, code: string | null): Lying => {
      const bytes = value === null ? null : Buffer.from(value);
      return {
        offset,
        timestamp,
        key: Buffer.from(userId),
        value: bytes,
        fact: null,
        profile,
        code,
        userIds: [userId],
      };
    };
    if (random.chance(0.15)) return lie({ userId, properties: null }, null, null);
    if (random.chance(0.1)) return lie(null, '[]', 'NOT_AN_OBJECT');
    const properties = { level: random.below(4), tags: ['a', 'ü'] };
    return lie({ userId, properties }, JSON.stringify({ properties }), null);
  }

  /** One of those before, the same or another under its key, or a new one. */
  fact(idOfPlace: string | null): Fact {
    const { random, given } = this;
    if (given.length > 0 && random.chance(0.25)) {
      const before = random.pick(given);
      return random.chance(0.7)
        ? before
        : { ...this.content(), id: before.id, userId: before.userId, sessionId: before.sessionId };
    }
    if (idOfPlace !== null && random.chance(0.2)) return { ...this.content(), id: idOfPlace };
    const fact = { ...this.content(), id: this.newId() };
    given.push(fact);
    return fact;
  }

  edit(): Edit {
    const { random } = this;
    const userId = this.userId();
    const kind = random.pick(['forget', 'forget', 'reset', 'erase'] as const);
    if (kind !== 'forget') return { kind, userId };
    const itemIds = [0, 1, 2, 3].map(() => random.pick(items));
    return { kind, userId, itemIds, selects: ({ itemId }) => itemIds.includes(itemId) };
  }

  /** The next in time of this user, for what needs one more event. */
  last(userId: string): Fact {
    const later = { userId, sessionId: null, itemId: 'item 1', kind: 'view', value: null, properties: null };
    return { ...later, id: this.newId(), occurredAt: start + 365 * 86_400_000 };
  }

  private content(): Content {
    const { random } = this;
    this.made += 1;
    const late = random.chance(0.15) ? random.below(60) : 0;
    const userId = this.userId();
    return {
      userId,
      sessionId: userId.startsWith(ofSession) ? userId.slice(ofSession.length) : null,
      itemId: random.pick(items),
      kind: random.pick(kinds),
      value: random.chance(0.3) ? random.below(11) / 2 : null,
      occurredAt: start + (this.made - late) * 20_000 - ((this.made - late) % 3) * 20_000,
      properties: random.chance(0.2) ? { page: random.below(9), 'ä"': [null, true] } : null,
    };
  }

  private userId(): string {
    const { random } = this;
    return random.chance(0.1) ? `${ofSession}s${random.below(2)}` : `user ${random.below(this.users)}`;
  }

  private newId(): string {
    return `e-${this.made}-${this.random.below(3)}`;
  }

  private malformed(): { readonly value: Buffer | null; readonly code: string } {
    const good = { id: 'bad', userId: 'user 0', itemId: 'item 0', kind: 'view', occurredAt: start };
    const bad = (value: unknown, code: string) => ({ value: Buffer.from(JSON.stringify(value)), code });
    return this.random.pick([
      { value: Buffer.from('{"id": "cut'), code: 'NOT_JSON' },
      { value: Buffer.from([0xff, 0xfe, 0x80]), code: 'NOT_JSON' },
      { value: null, code: 'MISSING_FIELD' },
      bad({ ...good, kind: 'teleport' }, 'UNKNOWN_KIND'),
      bad({ ...good, occurredAt: start / 1_000 }, 'TIME_UNIT'),
      bad({ ...good, occurredAt: '2999-01-01T00:00:00Z' }, 'TIME_IN_FUTURE'),
      bad({ ...good, userId: 'a\0b' }, 'INVALID_ID'),
      bad({ ...good, value: 'much' }, 'INVALID_VALUE'),
      bad({ ...good, color: 'red' }, 'UNKNOWN_FIELD'),
    ]);
  }
}

function bytesOf({ id, userId, sessionId, occurredAt, ...rest }: Fact, withId: boolean): Buffer {
  const visitor = sessionId === null ? { userId } : { sessionId };
  const time = occurredAt % 40_000 === 0 ? occurredAt : new Date(occurredAt).toISOString();
  return Buffer.from(JSON.stringify({ ...(withId ? { id } : {}), ...visitor, ...rest, occurredAt: time }));
}
