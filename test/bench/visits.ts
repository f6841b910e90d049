/**
 * Events as a shop sees them: many visitors at a time, each of whom leaves after a few events and makes room for another, a user whom
 * the shop knows or one whom it has never seen. So an event seldom has its user's last one just before it, and often not long before.
 */
import type { Message } from 'kafkajs';
import { Random } from '../../src/training/random.js';

export interface Shop {
  readonly items: number;
  /** users with a memory */
  readonly warm: number;
  /** the number of the first of them; 0 unless given */
  readonly firstWarm?: number;
  /** users that may come for the first time */
  readonly cold: number;
  /** of the visits, those of cold users */
  readonly coldShare: number;
  /** visits under way at a time */
  readonly visitors: number;
}

export const eventsOfVisit = 8;
const kinds = ['view', 'view', 'view', 'view', 'view', 'view', 'click', 'click', 'cart', 'purchase'] as const;

export const userOf = (user: number): string => `user-${String(user).padStart(9, '0')}`;
export const itemOf = (item: number): string => `item-${item}`;

export class Visits {
  private readonly random: Random;
  private readonly underWay: string[];
  private events = 0;

  constructor(
    private readonly shop: Shop,
    seed: number,
    /** begins the ids of the events */
    private readonly name: string,
  ) {
    this.random = new Random(seed);
    this.underWay = Array.from({ length: shop.visitors }, () => this.visitor());
  }

  /** The next event, of this instant; the users come in no order. */
  next(occurredAt: number): Message {
    const place = Math.floor(this.random.next() * this.underWay.length);
    const userId = this.underWay[place] ?? '';
    if (this.random.next() * eventsOfVisit < 1) this.underWay[place] = this.visitor();
    const item = Math.floor(this.shop.items * this.random.next() ** 2);
    return eventOf(`${this.name}-${this.events++}`, userId, itemOf(item), occurredAt, this.random.next());
  }

  private visitor(): string {
    const { warm, firstWarm = 0, cold, coldShare } = this.shop;
    const isCold = this.random.next() < coldShare;
    return userOf(
      isCold ? warm + Math.floor(this.random.next() * cold) : firstWarm + Math.floor(this.random.next() * warm),
    );
  }
}

/** A message as producers write it; `draw`, from 0 to 1, chooses the kind. */
export function eventOf(id: string, userId: string, itemId: string, occurredAt: number, draw: number): Message {
  const kind = kinds[Math.floor(draw * kinds.length)];
  const event = { id, userId, itemId, kind, occurredAt: new Date(occurredAt).toISOString() };
  return { key: userId, value: JSON.stringify(event) };
}
