/**
 * What lies in the topics: messages as producers write them, each with what it means, said here and not by the product's reading.
 * Users are few, so that they meet; times stand on a coarse grid, so that many are equal; keys come again, with the same content or not.
 */
import { bytesOf, malformed } from './message-bytes.js';
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
const itemsOfUser = ['item 1', 'item 2'];
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
      const { value, code } = malformed(random);
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
    const itemIds = [0, 1, 2, 3].map(() => this.random.pick(items));
    return this.editOf(this.userId(), itemIds);
  }

  /** Of a user whose events are those of `ofUser`; it changes something. */
  editOfUser(userId: string): Edit {
    return this.editOf(userId, [this.random.pick(itemsOfUser)]);
  }

  /** So many minutes after all others' events of the year. */
  ofUser(userId: string, minute: number): Fact {
    const itemId = itemsOfUser[minute % itemsOfUser.length] ?? '';
    const content = { ...this.content(), userId, sessionId: null, itemId };
    return { ...content, id: this.newId(), occurredAt: start + 365 * 86_400_000 + minute * 60_000 };
  }

  /** The next in time of this user, for what needs one more event. */
  last(userId: string): Fact {
    return this.ofUser(userId, 60);
  }

  private editOf(userId: string, itemIds: readonly string[]): Edit {
    const kind = this.random.pick(['forget', 'forget', 'forget', 'reset', 'erase'] as const);
    if (kind !== 'forget') return { kind, userId };
    return { kind, userId, itemIds, selects: ({ itemId }) => itemIds.includes(itemId) };
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
}
