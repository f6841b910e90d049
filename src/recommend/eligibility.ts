/**
 * From candidates to the items of an answer: each item once, only what may be answered at this moment, nothing that the user has
 * seen or that the filter keeps out, ranks without gaps. Every path of every query ends here, so that none can answer a hidden, expired
 * or deleted item.
 */
import type { EntityManager } from 'typeorm';
import { serveItems, type SeenBy } from '../storage/item-read.store.js';
import type { Candidate, RankedItem, Shortfall, ShortfallCause } from './answer.js';
import type { Candidates } from './candidates.js';
import type { Selection } from './selection.js';

export interface Exclusion {
  /** items of this user's log are left out */
  readonly seenBy: SeenBy | null;
  /** and these, seen in a visitor's own list */
  readonly items: ReadonlySet<string>;
  /** and this one, which the answer is about */
  readonly besides: string | null;
  /** and what this keeps out */
  readonly selection: Selection;
}

export interface Taken {
  readonly items: readonly RankedItem[];
  readonly shortfall: Shortfall | null;
}

/** The first `first` candidates that may be answered. `lacking` names a shortfall that is not the catalogue's nor the user's. */
export async function take(
  tx: EntityManager,
  candidates: Candidates,
  first: number,
  exclusion: Exclusion,
  lacking: ShortfallCause = 'CATALOGUE_EXHAUSTED',
): Promise<Taken> {
  const items: RankedItem[] = [];
  const offered = new Set<string>();
  let seen = 0;
  const excluded: string[] = [];
  for await (const batch of candidates) {
    const fresh = new Map<string, Candidate>();
    for (const candidate of batch) {
      if (offered.has(candidate.itemId) || candidate.itemId === exclusion.besides) continue;
      offered.add(candidate.itemId);
      if (exclusion.items.has(candidate.itemId)) excluded.push(candidate.itemId);
      else fresh.set(candidate.itemId, candidate);
    }
    if (fresh.size === 0) continue;
    const served = await serveItems(tx, [...fresh.keys()], first - items.length, exclusion.seenBy);
    seen += served.seen;
    for (const item of served.items) {
      if (!exclusion.selection.letsRow(item)) continue;
      const candidate = fresh.get(item.id);
      if (candidate === undefined) throw new Error('an item was served that is no candidate');
      items.push({ rank: items.length + 1, score: candidate.score, source: candidate.source, item });
    }
    if (items.length >= first) return { items, shortfall: null };
  }
  if (seen === 0 && excluded.length > 0) {
    seen = (await serveItems(tx, excluded, 1, null)).items.length;
  }
  return {
    items,
    shortfall: { missing: first - items.length, cause: causeOf(seen, items.length, exclusion, lacking) },
  };
}

function causeOf(seen: number, found: number, { selection }: Exclusion, lacking: ShortfallCause): ShortfallCause {
  if (seen > 0) return 'SEEN';
  if (selection.keepsOut()) return 'FILTER';
  return found === 0 && lacking === 'CATALOGUE_EXHAUSTED' ? 'CATALOGUE_EMPTY' : lacking;
}
