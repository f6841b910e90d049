/** The order by score once the rules that change scores have been applied. Each item remembers which of them touched it. */
import { createHash } from 'node:crypto';
import type { ItemRow } from '../../storage/item-read.store.js';
import type { Source } from '../answer.js';
import { compile, rowReader } from '../filter/item-filter.js';
import type { Exploration, Rules } from './rules.js';

/** An item that may be answered, as its source placed it. */
export interface Eligible {
  readonly item: ItemRow;
  readonly score: number;
  readonly source: Source;
}

export interface Ordered extends Eligible {
  /** names of the rules that placed it so far */
  readonly rules: readonly string[];
}

/** Of items the best first. `shownTimes`: how often the user was shown an item lately. Sources stay one behind the other. */
export function inOrder(
  eligible: readonly Eligible[],
  { boosts, rotation, exploration }: Pick<Rules, 'boosts' | 'rotation' | 'exploration'>,
  shownTimes: ReadonlyMap<string, number>,
): readonly Ordered[] {
  const tests = boosts.map((boost) => ({ ...boost, matches: compile(boost.filter, rowReader) }));
  const settled = eligible.map((one, place) => {
    const matching = tests.filter(({ matches }) => matches(one.item));
    const shown = rotation === null ? 0 : (shownTimes.get(one.item.id) ?? 0);
    const names = matching.map(({ name }) => name);
    if (rotation !== null && shown > 0) names.push(rotation.name);
    const added =
      matching.reduce((sum, { factor }) => sum + Math.log(factor), 0) + shown * Math.log(rotation?.factor ?? 1);
    return { ...one, place, names, stage: stageOf(one.source), settled: logOddsOf(one) + added };
  });
  const byScore = settled.toSorted((a, b) => a.stage - b.stage || b.settled - a.settled || a.place - b.place);
  if (exploration === null)
    return byScore.map(({ item, score, source, names }) => ({ item, score, source, rules: names }));
  const drawn = byScore
    .map((one, order) => ({
      ...one,
      order,
      drawn: one.settled + exploration.weight * gumbel(exploration, one.item.id),
    }))
    .sort((a, b) => a.stage - b.stage || b.drawn - a.drawn || a.order - b.order);
  return drawn.map(({ item, score, source, names, order }, place) => ({
    ...{ item, score, source },
    rules: place < order ? [...names, exploration.name] : names,
  }));
}

/** What the model, or a visitor's list, places comes first, then what is popular, then what is new. */
function stageOf(source: Source): number {
  return source === 'LATEST' ? 2 : source === 'POPULAR' ? 1 : 0;
}

/** A count stands for a probability up to a factor; of what is merely new none is known. */
function logOddsOf({ source, score }: Eligible): number {
  if (source === 'POPULAR') return Math.log(Math.max(score, Number.MIN_VALUE));
  return source === 'LATEST' ? 0 : score;
}

/** A draw of the standard Gumbel distribution that belongs to a seed and an item. */
function gumbel({ seed }: Exploration, itemId: string): number {
  const hash = createHash('sha256').update(`${seed}\0${itemId}`).digest();
  const uniform = (hash.readUIntBE(0, 6) + 0.5) / 2 ** 48; //                 in (0, 1)
  return -Math.log(-Math.log(uniform));
}
