/**
 * The id of an interaction that a file gives none: from what it says, and how many rows of the file have said the same before. So a
 * second import of the file, in whatever format, or of a longer one adds nothing twice, and what was really done twice stays two.
 */
import { hash } from 'node:crypto';
import type { Interaction } from '../model/interaction.js';
import { KeyCounts } from '../memory/key-counts.js';

export class ContentIds {
  private readonly counts = new KeyCounts();

  /** For the next row of the file that has no id. */
  next({ userId, sessionId, itemId, kind, value, occurredAt, recommendationId, properties }: Interaction): string {
    const content = [userId, itemId, kind, value, occurredAt, recommendationId, sorted(properties)];
    if (sessionId !== null) content.push(sessionId);
    const name = `file:${hash('sha256', JSON.stringify(content), 'hex').slice(0, 32)}`;
    const count = this.counts.add(name);
    return count === 1 ? name : `${name}:${count}`;
  }
}

/** With the names of each object in one order, whichever the file has them in. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([name, inner]) => [name, sorted(inner)]));
}
