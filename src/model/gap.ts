/**
 * The time gap of an event: the time since the same user's event before it, in the order (occurredAt, arrival), as a bucket.
 *
 *   bucket 0            the user's first event, or a time that is not known
 *   buckets 1 .. n      n - 1 edges in a geometric row from a minute to a year: bucket 1 is below a minute, bucket n a year or more
 *
 * Training and serving both ask here. The edges are whole milliseconds, so that every machine draws the line at the same place.
 */
const minuteMs = 60_000;
const yearMs = 365 * 24 * 60 * minuteMs;

const known = new Map<number, Float64Array>();

/** The lower edges of the buckets 2 .. n, milliseconds; always the same ones, since every event asks. */
export function gapEdges(gaps: number): Float64Array {
  const edges = known.get(gaps) ?? makeEdges(gaps);
  known.set(gaps, edges);
  return edges;
}

function makeEdges(gaps: number): Float64Array {
  return Float64Array.from({ length: Math.max(0, gaps - 1) }, (_, edge) =>
    Math.round(minuteMs * (yearMs / minuteMs) ** (edge / Math.max(1, gaps - 2))),
  );
}

/** Both times in milliseconds since 1970; null: there is no event before, or a time is not known. */
export function gapBucket(edges: Float64Array, previous: number | null, occurredAt: number | null): number {
  if (previous === null || occurredAt === null || !Number.isFinite(occurredAt - previous)) return 0;
  const above = edges.findIndex((edge) => occurredAt - previous < edge);
  return 1 + (above < 0 ? edges.length : above);
}
