/** Cursors of answers that are read in pages. What they say is checked against the snapshot that they name. */
import type { PagePlace } from '../recommend/pages.js';
import { badInput } from './arguments.js';
import { decodeCursor, encodeCursor } from './connection.js';
import type { RecommendationsInput } from './recommendations-input.type.js';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const farthest = 10_000;

export function encodePlace({ answerId, passed, rank }: PagePlace): string {
  return encodeCursor([answerId, passed, rank]);
}

/** Null without a cursor. */
export function readPlace(cursor: string | null | undefined): PagePlace | null {
  if (cursor === null || cursor === undefined) return null;
  const [answerId, passed, rank] = decodeCursor(cursor);
  if (typeof answerId !== 'string' || !uuid.test(answerId) || !isCount(passed) || !isCount(rank)) {
    throw badInput('after', 'is not a cursor of an answer');
  }
  return { answerId, passed, rank };
}

/** Who asked what; pages of one answer have it in common. */
export function requestOf(input: RecommendationsInput): string {
  return JSON.stringify(Object.entries(input).filter(([name]) => name !== 'first' && name !== 'after'));
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= farthest;
}
