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
  /** Goes on in the batch where rows were loaded that the selection does not let pass any more. Returns how many were seen. */
  const serve = async (fresh: ReadonlyMap<string, Candidate>): Promise<number> => {
    let seenOfBatch: number | null = null;
    for (let rest = [...fresh.keys()]; rest.length > 0 && items.length < first;) {
      const wanted = first - items.length;
      const served = await serveItems(tx, rest, wanted, exclusion.seenBy);
      seenOfBatch ??= served.seen;
      for (const item of served.items.filter(exclusion.selection.letsRow)) {
        const candidate = fresh.get(item.id);
        if (candidate === undefined) throw new Error('an item was served that is no candidate');
        items.push({ rank: items.length + 1, score: candidate.score, source: candidate.source, item });
      }
      const last = served.items.at(-1);
      rest = last === undefined || served.items.length < wanted ? [] : rest.slice(rest.indexOf(last.id) + 1);
    }
    return seenOfBatch ?? 0;
  };
  for await (const batch of candidates) {
    const fresh = new Map<string, Candidate>();
    for (const candidate of batch) {
      if (offered.has(candidate.itemId) || candidate.itemId === exclusion.besides) continue;
      offered.add(candidate.itemId);
      if (exclusion.items.has(candidate.itemId)) excluded.push(candidate.itemId);
      else fresh.set(candidate.itemId, candidate);
    }
    seen += await serve(fresh);
    if (items.length >= first) return { items, shortfall: null };
  }
  if (excluded.length > 0) {
    const served = await serveItems(tx, excluded, excluded.length, null);
    seen += served.items.filter(exclusion.selection.letsRow).length;
  }
  const missing = first - items.length;
  const isEmpty = items.length === 0 && lacking === 'CATALOGUE_EXHAUSTED';
  return {
    items,
    shortfall: { missing, cause: causeOf(seen, missing, exclusion, isEmpty ? 'CATALOGUE_EMPTY' : lacking) },
  };
}

/** What would have filled the answer if it were not so: seen items, or those that the filter keeps out; the more exact one first. */
function causeOf(seen: number, missing: number, { selection }: Exclusion, lacking: ShortfallCause): ShortfallCause {
  if (seen >= missing) return 'SEEN';
  if (selection.keepsOut()) return 'FILTER';
  return seen > 0 ? 'SEEN' : lacking;
}
