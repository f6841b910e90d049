/**
 * Relay connections. A cursor is the place of a row in the order of its list, not a position: pages stay right when rows come or go
 * between them, the row of the cursor included. It is opaque to clients and keeps every digit.
 */
import { Field, Int, ObjectType } from '@nestjs/graphql';
import { badInput } from './arguments.js';

@ObjectType({ description: 'Whether there is more on either side of a page.' })
export class PageInfo {
  @Field(() => Boolean, { description: 'Whether more rows follow.' })
  readonly hasNextPage!: boolean;

  @Field(() => Boolean, { description: 'Whether the page was asked for by a cursor, so that rows lie before it.' })
  readonly hasPreviousPage!: boolean;

  @Field(() => String, { nullable: true, description: 'Cursor of the first row; null for an empty page.' })
  readonly startCursor!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Cursor of the last row, to be given as `after`; null for an empty page.',
  })
  readonly endCursor!: string | null;
}

export interface Edge<Row> {
  readonly cursor: string;
  readonly node: Row;
}

export interface Connection<Row> {
  readonly edges: readonly Edge<Row>[];
  readonly pageInfo: PageInfo;
}

/** The arguments of a page. */
export const firstArgument = {
  name: 'first',
  type: () => Int,
  defaultValue: 20,
  description: 'Rows of the page, 1 to 100.',
} as const;
export const afterArgument = {
  name: 'after',
  type: () => String,
  nullable: true,
  description: 'The `endCursor` of the page before.',
} as const;

/** A page out of `first` + 1 rows: the one too many says that there are more. */
export function connectionOf<Row>(
  rows: readonly Row[],
  first: number,
  after: string | null | undefined,
  placeOf: (row: Row) => readonly string[],
): Connection<Row> {
  const edges = rows.slice(0, first).map((node) => ({ cursor: encodeCursor(placeOf(node)), node }));
  return {
    edges,
    pageInfo: {
      hasNextPage: rows.length > first,
      hasPreviousPage: typeof after === 'string',
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}

/** 0001-01-01T00:00:00Z */
const yearOne = -62_135_596_800_000;
const longestNumber = 2n ** 63n - 1n;

/** What clients see of a place, of a row or in an answer. */
export function encodeCursor(place: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** The place that a cursor stands for: an instant and a tie-break, a text or what looks like `shape`; null without a cursor. */
export function readCursor(
  cursor: string | null | undefined,
  shape: RegExp | 'text',
): { readonly time: Date; readonly tie: string } | null {
  if (cursor === null || cursor === undefined) return null;
  const [time, tie] = decodeCursor(cursor);
  const instant = new Date(typeof time === 'string' ? time : NaN);
  // what is inside must fit the columns too: Postgres refuses times before 4713 BC
  if (!(instant.getTime() >= yearOne) || typeof tie !== 'string' || !fits(tie, shape)) {
    throw badInput('after', 'is not a cursor of this list');
  }
  return { time: instant, tie };
}

/** Postgres refuses texts with NUL and numbers of more than 64 bits. */
function fits(tie: string, shape: RegExp | 'text'): boolean {
  if (shape === 'text') return tie.isWellFormed() && !tie.includes('\0');
  return shape.test(tie) && !(/^\d+$/.test(tie) && BigInt(tie) > longestNumber);
}

/** The parts of the place; none of what is no cursor. */
export function decodeCursor(cursor: string): readonly unknown[] {
  try {
    const place: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(place) ? place : [];
  } catch {
    return []; // the caller refuses it
  }
}
