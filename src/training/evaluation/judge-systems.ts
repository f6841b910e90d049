/** What a test compares: the model as it serves, its network alone, and what counting its training data gives, on the same cases. */
import type { Blend } from '../../model/checkpoint.js';
import type { Transitions } from '../../model/rules.js';
import { markov, popularity, rules } from './baselines.js';
import { judgeBlend } from './blend.js';
import { judge, type Judgement } from './judgement.js';
import type { Scoring } from './scoring.js';
import type { ItemSequences } from '../log/sequences.js';
import type { Case } from '../log/split.js';
import type { SystemName } from '../training-job.js';

export interface Systems {
  /** the network's scores without the rules */
  readonly network: Scoring;
  /** the rules that the model serves, and how much they add */
  readonly served: Transitions;
  readonly blend: Blend;
  /** what the baselines count, its number of items, and its sequential rules */
  readonly training: ItemSequences;
  readonly items: number;
  readonly table: Transitions;
}

export function judgeSystems(
  { network, served, blend, training, items, table }: Systems,
  cases: readonly Case[],
): Readonly<Record<SystemName, Judgement>> {
  return {
    ...judgeBlend(network, served, blend, cases),
    popularity: judge(popularity(training, items), cases, items),
    markov: judge(markov(training, items), cases, items),
    rules: judge(rules(table, training, items), cases, items),
  };
}
