/**
 * Are the reasons true? MovieLens latest-small, trained as a training run does. Each of 500 users is answered with the best film that
 * the user has not rated, and `because` names an interaction first. It is then forgotten: all ratings but it are replayed and scored
 * as an answer is. So is, in its stead, another one of the user's, drawn by a seed. The reason is true where the film's score falls
 * more by the first. Beside it: the same for the most attended interaction, which influence has not been asked of; and for users with up to 300
 * ratings, how often no interaction at all weighs more than the one named first.
 *
 *   npm run bench -- faithfulness [--answers 500] [--epochs 10] [--seed 1]
 */
import { parseArgs } from 'node:util';
import { readRatings } from '../../src/cli/demo/movielens.js';
import { statesWithout } from '../../src/memory/trace.js';
import { rank } from '../../src/model/rank.js';
import { because } from '../../src/recommend/because.js';
import { recipeFor } from '../../src/training/hyperparameters.js';
import { Random } from '../../src/training/random.js';
import { filmSet } from './cold-split.js';
import { machine } from './machine.js';
import { ratingLogs } from './rating-logs.js';
import { trainedNetwork } from './trained-network.js';

const { values } = parseArgs({
  options: {
    answers: { type: 'string', default: '500' },
    epochs: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
  },
});
const seed = Number(values.seed);
const longestExhaustive = 300;

interface PastRating {
  readonly id: string;
  readonly itemId: string;
  readonly kind: string;
  readonly occurredAt: Date;
}

const { log } = ratingLogs(1);
const { content } = filmSet();
const known = log.vocabulary.map((id) => content.get(id)).filter((item) => item !== undefined);
const users = Map.groupBy(
  readRatings().map(({ occurredAt, ...rating }) => ({ ...rating, occurredAt: new Date(occurredAt) })),
  ({ userId }) => userId,
);
const recipe = {
  ...recipeFor({ events: log.users.rows.length, users: users.size }),
  epochs: Number(values.epochs),
  seed,
};
const network = await trainedNetwork({ log, content: known }, recipe, 'ml-latest-small');

const random = new Random(seed);
const drawn = [...users.values()]
  .map((ratings) => ({ ratings, order: random.next() }))
  .sort((one, other) => one.order - other.order)
  .slice(0, Number(values.answers));

const tally = { answers: 0, named: 0, attended: 0, asked: 0, exhaustive: 0, most: 0 };
const milliseconds: number[] = [];
for (const { ratings } of drawn) {
  const seen = new Set(ratings.map(({ itemId }) => network.vocabulary.rowOf(itemId)));
  const scores = scoresOf(ratings);
  const [best] = rank(scores, 1, (row) => !seen.has(row));
  if (best === undefined) throw new Error('every film was rated');
  const begun = performance.now();
  const reasons = (await because(network, null, ratings)).of([network.vocabulary.idOf(best.row)]);
  milliseconds.push(performance.now() - begun);
  const fallWithout = (id?: string | null): number =>
    best.score - (scoresOf(ratings.filter((rating) => rating.id !== id))[best.row - 1] ?? NaN);
  const [first] = reasons;
  const attended = reasons.reduce((most, one) => (one.attention > most.attention ? one : most));
  const others = ratings.filter(({ id }) => id !== first?.id);
  const fall = fallWithout(others[random.below(others.length)]?.id);
  const named = fallWithout(first?.id);
  tally.answers++;
  if (named > fall) tally.named++;
  if (fallWithout(attended.id) > fall) tally.attended++;
  tally.asked += reasons.filter(({ influence }) => influence !== null).length / ratings.length;
  if (ratings.length > longestExhaustive) continue;
  tally.exhaustive++;
  const without = await statesWithout(network, ratings, new Set(ratings.keys()));
  const lowest = Math.min(
    ...[...without.values()].map((state) => network.scoreOf(state, network.query(state), best.row)),
  );
  if (best.score - named <= lowest) tally.most++;
}

function scoresOf(ratings: readonly PastRating[]): Float32Array {
  const { rows, ...context } = network.eventsOf(ratings);
  return network.scores(network.trace(rows, context).state);
}

milliseconds.sort((one, other) => one - other);
const at = (share: number): number => Number((milliseconds[Math.floor(share * milliseconds.length)] ?? NaN).toFixed(1));
const rate = (count: number, of = tally.answers): number => Number((count / of).toFixed(4));
process.stdout.write(`\n${machine}\n`);
process.stdout.write(
  `${JSON.stringify({
    bench: 'faithfulness',
    answers: tally.answers,
    epochs: recipe.epochs,
    firstLowersMoreThanRandom: rate(tally.named),
    mostAttendedLowersMoreThanRandom: rate(tally.attended),
    firstIsTheMostInfluential: rate(tally.most, tally.exhaustive),
    ofUsersUpTo300: tally.exhaustive,
    shareAsked: rate(tally.asked),
    becauseP50Ms: at(0.5),
    becauseP99Ms: at(0.99),
  })}\n`,
);
