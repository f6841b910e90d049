/**
 * What outcomes bring on MovieLens ml-latest-small: a rating of 4 and more is liked, one of 2.5 and less disliked. Trained on the first
 * 80 % of each user's ratings: without outcomes, and with the labelled stage after that (what RECOLLECT_TRAIN_OUTCOMES does by itself);
 * by weights and pairs throughout, and with the labelled stage after that. Asked are
 *
 *   likedHrAt10, likedNdcgAt10   leave-one-out within the 80 %, the users whose last rating of them is a liked one, all films ranked
 *   outcomeNdcgAt10              the same for all users: a liked film among the first ten earns its weight, a disliked one costs it
 *   pairOrder                    the last 20 %: share of a user's pairs of a liked and a disliked film in order, mean over the users
 *
 * as the model serves, with the rules blend that validation chose, and of the network alone. `node outcomes.js [seeds]`
 */
import './one-thread.js';
import { parseOutcomes } from '../../src/model/outcome.js';
import { chooseBlend, servedRules } from '../../src/training/evaluation/blend.js';
import { networkScoring } from '../../src/training/evaluation/evaluation.js';
import { recipeFor, type Hyperparameters } from '../../src/training/hyperparameters.js';
import { caseWeights, learnLabelled } from '../../src/training/labelled-stage.js';
import { Learner } from '../../src/training/graph/learner.js';
import { dimensionsOf } from '../../src/training/graph/network-sizes.js';
import { quality } from '../../src/training/evaluation/metrics.js';
import { outcomeNdcgAt10 } from '../../src/training/evaluation/outcome-metrics.js';
import { outcomeWeights } from '../../src/training/log/outcomes.js';
import { ranksOf, type Scoring } from '../../src/training/evaluation/scoring.js';
import { sequenceOf, userCount } from '../../src/training/log/sequences.js';
import { leaveOneOut } from '../../src/training/log/split.js';
import { learn } from '../../src/training/trainer.js';
import { blended, laterPairOrder, likedQuality, remembering, type Liking } from './outcome-judgement.js';
import { ratingLogs } from './rating-logs.js';

const outcomes = parseOutcomes('rating>=4=2,rating<=2.5=-1');
const liking: Liking = (value) => (value >= 4 ? 1 : value <= 2.5 ? -1 : 0);
const seeds = Number(process.argv[2] ?? 3);

const { log, later } = ratingLogs(0.8);
const split = leaveOneOut(log);
const values = split.test.map(
  ({ user, history }) => log.users.values[(log.users.offsets[user] ?? 0) + history.length] ?? NaN,
);
const worth = caseWeights(outcomeWeights(log.users, log.kinds, outcomes), log, split.test);
const rowOf = new Map(split.vocabulary.map((id, at) => [id, at + 1]));
const rowsOf = (rows: Int32Array): Int32Array => rows.map((row) => rowOf.get(log.vocabulary[row - 1] ?? '') ?? 0);
const histories = [...Array(userCount(log.users)).keys()].map((user) => rowsOf(sequenceOf(log.users, user)));
const laterRows = { ...later, rows: Int32Array.from(later.itemIds, (id) => rowOf.get(id) ?? 0) };
const quiet = { onProgress: () => undefined, onEpoch: () => undefined };
const { signal } = new AbortController();

interface Figures {
  readonly likedHrAt10: number;
  readonly likedNdcgAt10: number;
  readonly outcomeNdcgAt10: number;
  readonly ndcgAt10: number;
  readonly pairOrder: number;
}
type Row = Figures & { readonly system: string; readonly seed: number; readonly network: Figures };
const rows: Row[] = [];

function figuresOf(scoring: Scoring): Figures {
  const ranks = ranksOf(scoring, split.test);
  const liked = likedQuality(ranks, values, liking);
  return {
    likedHrAt10: liked.hrAt10,
    likedNdcgAt10: liked.ndcgAt10,
    outcomeNdcgAt10: outcomeNdcgAt10(ranks, worth),
    ndcgAt10: quality(ranks).ndcgAt10,
    pairOrder: laterPairOrder(scoring, histories, laterRows, liking).order,
  };
}

function judge(system: string, seed: number, learner: Learner, recipe: Hyperparameters): void {
  const scoring = remembering(networkScoring(learner));
  const served = servedRules(split.training, split.vocabulary.length, recipe);
  const { blend } = chooseBlend(scoring, served, recipe.rulesPlacePower, split.validation);
  const row = { system, seed, ...figuresOf(blended(scoring, served, blend)), network: figuresOf(scoring) };
  rows.push(row);
  process.stdout.write(`${JSON.stringify(row)}\n`);
}

const systems = { false: ['without', 'labelled'], true: ['weights', 'weightsLabelled'] } as const;
for (let seed = 1; seed <= seeds; seed++) {
  for (const outcomesThroughout of [false, true]) {
    const size = { events: log.users.rows.length, users: split.test.length };
    const recipe = { ...recipeFor(size), outcomes, outcomesThroughout, seed };
    const [before, after] = systems[`${outcomesThroughout}`];
    const learner = new Learner(recipe, dimensionsOf(split, recipe), split);
    const { best } = await learn(learner, split, recipe, quiet, signal);
    learner.restore(best);
    judge(before, seed, learner, recipe);
    const { best: labelled } = await learnLabelled(learner, best, { split, log }, recipe, quiet, signal);
    learner.restore(labelled);
    judge(after, seed, learner, recipe);
  }
}

/** Mean over the seeds. */
function mean(system: string): Figures & { readonly network: Figures } {
  const own = rows.filter((row) => row.system === system);
  const of = (figures: readonly Figures[]): Figures => {
    const one = (name: keyof Figures) =>
      Number((figures.reduce((sum, { [name]: value }) => sum + value, 0) / figures.length).toFixed(4));
    return {
      likedHrAt10: one('likedHrAt10'),
      likedNdcgAt10: one('likedNdcgAt10'),
      outcomeNdcgAt10: one('outcomeNdcgAt10'),
      ndcgAt10: one('ndcgAt10'),
      pairOrder: one('pairOrder'),
    };
  };
  return { ...of(own), network: of(own.map(({ network }) => network)) };
}

const asked = { cases: values.filter((value) => liking(value) === 1).length, users: split.test.length };
const means = Object.fromEntries([...systems.false, ...systems.true].map((system) => [system, mean(system)]));
process.stdout.write(`${JSON.stringify({ bench: 'outcomes', seeds, ...asked, ...means })}\n`);
process.exit(0);
