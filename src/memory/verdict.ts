/** What became of each offered interaction. An id is unique within its user: the same id again changes nothing, and the verdict says whether it says the same. */
import { isDeepStrictEqual } from 'node:util';
import type { EntityManager } from 'typeorm';
import type { Interaction } from '../model/interaction.js';
import { findInteractions, type InteractionKey } from '../storage/interaction.store.js';

export type Verdict = 'ACCEPTED' | 'DUPLICATE' | 'DUPLICATE_DIFFERS' | 'FORGOTTEN';

/** One text for the two ids; neither holds a NUL. */
export function keyOf({ userId, id }: InteractionKey): string {
  return `${userId}\u0000${id}`;
}

/** Without those whose key stands earlier in the list. */
export function firstOfEachKey(interactions: readonly Interaction[]): readonly Interaction[] {
  const seen = new Set<string>();
  return interactions.filter((interaction) => {
    const key = keyOf(interaction);
    return !seen.has(key) && seen.add(key);
  });
}

/** Duplicates are compared with what the log has. Those that were not considered at all were applied by an earlier batch; what is neither new nor there was forgotten. */
export async function verdictsOf<O extends { readonly interaction: Interaction }>(
  tx: EntityManager,
  offered: readonly O[],
  considered: ReadonlySet<O>,
  accepted: readonly Interaction[],
): Promise<readonly Verdict[]> {
  const isAccepted = new Set(accepted);
  const repeated = [...considered].map(({ interaction }) => interaction).filter((one) => !isAccepted.has(one));
  const kept = new Map((await findInteractions(tx, repeated)).map((one) => [keyOf(one), one]));
  return offered.map((one) => {
    if (isAccepted.has(one.interaction)) return 'ACCEPTED';
    if (!considered.has(one)) return 'DUPLICATE';
    const first = kept.get(keyOf(one.interaction));
    return first === undefined ? 'FORGOTTEN' : verdictBeside(first, one.interaction);
  });
}

/** Of an interaction whose key is that of one that was there before. */
export function verdictBeside(first: Interaction, other: Interaction): Verdict {
  return isEqual(first, other) ? 'DUPLICATE' : 'DUPLICATE_DIFFERS';
}

function isEqual(one: Interaction, other: Interaction): boolean {
  return (
    one.sessionId === other.sessionId &&
    one.itemId === other.itemId &&
    one.kind === other.kind &&
    one.value === other.value &&
    one.occurredAt === other.occurredAt &&
    one.recommendationId === other.recommendationId &&
    isDeepStrictEqual(one.properties, asStored(other.properties))
  );
}

/** As it comes back from jsonb: what JSON can't tell apart is the same. */
function asStored(properties: Interaction['properties']): unknown {
  return properties === null ? null : JSON.parse(JSON.stringify(properties));
}
