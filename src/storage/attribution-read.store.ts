/**
 * SQL of what answers led to. An impression is an item in an answer; what followed it are the interactions that name the answer, with
 * that item, by the user of the answer (of an answer to nobody: by anybody), whenever they came. Each impression is clicked or not and
 * converted or not; its value is that of the first conversion.
 */
import type { EntityManager } from 'typeorm';

/** What impressions can be told apart by. */
const dimensions = {
  MODEL_VERSION: { name: 'modelVersion', column: 's.model_version' },
  OPERATION: { name: 'operation', column: 's.operation' },
  SOURCE: { name: 'source', column: 's.source' },
  FALLBACK_REASON: { name: 'fallbackReason', column: 's.fallback_reason' },
  RULE: { name: 'rule', column: 'rule.name' },
  RANK: { name: 'rank', column: 's.rank' },
} as const;

export type AttributionDimension = keyof typeof dimensions;

/** Answers from a time on, before another; what counts as click and as conversion. */
export interface AttributionWindow {
  readonly from: Date;
  readonly until: Date;
  readonly clickKinds: readonly string[];
  readonly conversionKinds: readonly string[];
}

export interface ImpressionCounts {
  readonly answers: number;
  readonly impressions: number;
  readonly clicks: number;
  readonly conversions: number;
  readonly value: number;
  /** variance of an impression's value; null for fewer than two */
  readonly valueVariance: number | null;
}

/** Of the dimensions that were not asked for all are null. */
export interface ImpressionGroup {
  readonly modelVersion: number | null;
  readonly operation: string | null;
  readonly source: string | null;
  readonly fallbackReason: string | null;
  readonly rule: string | null;
  readonly rank: number | null;
}

const answers = `answer AS MATERIALIZED (SELECT * FROM recommendation WHERE answered_at >= $1 AND answered_at < $2)`;

/** A row for each group that has impressions, in the order of the dimensions. One that several rules placed is in the group of each. */
export async function countImpressions(
  tx: EntityManager,
  { from, until, clickKinds, conversionKinds }: AttributionWindow,
  by: readonly AttributionDimension[],
): Promise<readonly (ImpressionCounts & ImpressionGroup)[]> {
  const columns = Object.entries(dimensions).map(([dimension, { name, column }]) => {
    return `${by.some((one) => one === dimension) ? column : 'NULL'} AS "${name}"`;
  });
  const groups = by.map((dimension) => dimensions[dimension].column).join(', ');
  const rules = by.includes('RULE') ? 'LEFT JOIN LATERAL jsonb_array_elements_text(s.rules) AS rule(name) ON true' : '';
  return tx.query(
    `WITH ${answers},
     shown AS (
       SELECT a.id, a.operation, a.model_version, a.fallback_reason, p.item_id, p.source,
              (a.first_rank + p.place - 1)::int AS rank, a.item_rules -> (p.place - 1)::int AS rules
         FROM answer a CROSS JOIN LATERAL unnest(a.item_ids, a.item_sources) WITH ORDINALITY AS p(item_id, source, place)),
     followed AS (
       SELECT a.id, i.item_id, bool_or(i.kind = ANY($3)) AS clicked, bool_or(i.kind = ANY($4)) AS converted,
              (array_agg(COALESCE(i.value, 0) ORDER BY i.occurred_at, i.arrival) FILTER (WHERE i.kind = ANY($4)))[1] AS value
         FROM (SELECT DISTINCT user_id, id FROM answer) a
         JOIN interaction i ON i.recommendation_id = a.id::text AND a.user_id IN (i.user_id, '')
        WHERE i.kind = ANY($3::text[] || $4::text[])
        GROUP BY a.id, i.item_id)
     SELECT ${columns.join(', ')},
            count(DISTINCT s.id)::float8 AS answers, count(*)::float8 AS impressions,
            count(*) FILTER (WHERE f.clicked)::float8 AS clicks, count(*) FILTER (WHERE f.converted)::float8 AS conversions,
            COALESCE(sum(f.value), 0) AS value, var_samp(COALESCE(f.value, 0)) AS "valueVariance"
       FROM shown s LEFT JOIN followed f ON f.id = s.id AND f.item_id = s.item_id ${rules}
      ${groups === '' ? '' : `GROUP BY ${groups} ORDER BY ${groups}`}`,
    [from, until, clickKinds, conversionKinds],
  );
}

/** Interactions of the kinds that are counted, and why they were not. */
export interface UncountedInteractions {
  /** the answer did not have the item */
  readonly otherItem: number;
  /** the answer was for another user */
  readonly otherUser: number;
  /** of the window by their own time: no answer is known by the id */
  readonly unknownAnswer: number;
}

export async function countUncounted(
  tx: EntityManager,
  { from, until, clickKinds, conversionKinds }: AttributionWindow,
): Promise<UncountedInteractions> {
  const rows = await tx.query<UncountedInteractions[]>(
    `WITH ${answers}
     SELECT count(*) FILTER (WHERE NOT named.by_its_user)::float8 AS "otherUser",
            count(*) FILTER (WHERE named.by_its_user AND NOT named.with_its_item)::float8 AS "otherItem",
            (SELECT count(*) FROM interaction i
              WHERE i.recommendation_id IS NOT NULL AND i.occurred_at >= $1 AND i.occurred_at < $2 AND i.kind = ANY($3)
                AND NOT EXISTS (SELECT FROM recommendation r WHERE r.id::text = i.recommendation_id))::float8 AS "unknownAnswer"
       FROM (SELECT a.user_id IN (i.user_id, '') AS by_its_user,
                    EXISTS (SELECT FROM answer p WHERE p.id = a.id AND i.item_id = ANY(p.item_ids)) AS with_its_item
               FROM (SELECT DISTINCT user_id, id FROM answer) a
               JOIN interaction i ON i.recommendation_id = a.id::text
              WHERE i.kind = ANY($3)) AS named`,
    [from, until, [...clickKinds, ...conversionKinds]],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('the count was not returned');
  return row;
}
