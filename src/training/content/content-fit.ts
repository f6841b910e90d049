/** The content map of a trained network: fitted in closed form to what it has learned, scaled by what ranks best on validation. */
import type { Blend } from '../../model/checkpoint.js';
import type { ContentNames } from '../../model/content.js';
import { outputVectors } from '../../model/embedding.js';
import { addGains, gainsOf, type Transitions } from '../../model/rules.js';
import { ContentJudge, type ContentChoice } from './content-choice.js';
import type { ContentRegression } from './content-regression.js';
import { eachScores, queryVectors } from '../evaluation/evaluation.js';
import type { Learner } from '../graph/learner.js';
import { Random } from '../random.js';
import { sample, type Case } from '../log/split.js';
import { recentOf } from '../evaluation/transitions.js';

export interface FittedContent {
  readonly names: ContentNames;
  /** M [F, d + 1] */
  readonly weight: { readonly shape: readonly number[]; readonly data: Float32Array };
  readonly choice: ContentChoice;
}

/** What the map's items are judged by. */
export interface ServedScores {
  readonly learner: Learner;
  readonly rules: Transitions;
  readonly blend: Blend;
  /** most items of a history that are replayed */
  readonly limit: number;
}

/** The largest first: of equal ones it is taken. */
const penalties = [1000, 30, 10, 3];
/** A regression gives vectors that are too short, where the output does not scale them. */
const scales = [1, 1.5];
const groupShare = 0.1;
const groupCount = { least: 3, most: 10 };
const largestGroup = 5_000;
/** Fewer items with content teach nothing about others. */
const leastItems = 20;
/** Additions and multiplications, about 20 seconds of each: of the groups' fits, and of the cases that they are judged by. */
const fitWork = 2e10;
const choiceWork = 6e9;
const cases = { least: 500, most: 5_000 };

/** null: too few of the items have content. */
export function fitContent(
  regression: ContentRegression,
  served: ServedScores,
  validation: readonly Case[],
  seed: number,
): FittedContent | null {
  const groups = groupsOf(regression, seed);
  if (groups.length === 0) return null;
  const { items, width, outputLength } = served.learner.dimensions;
  const judge = new ContentJudge(
    groups.flatMap((rows) =>
      penalties.map((penalty) => {
        const map = regression.solve(penalty, rows);
        return { rows, penalty, places: rows.map((row) => scoring(regression.place(map, row), outputLength)) };
      }),
    ),
    outputLength === 0 ? scales : [1],
  );
  const work = width * (items + penalties.length * groups.flat().length);
  const count = Math.max(cases.least, Math.min(cases.most, Math.floor(choiceWork / work)));
  const asked = sample(
    validation.filter(({ target }) => target > 0),
    count,
    seed,
  );
  judgeCases(judge, served, asked);
  const choice = judge.choice();
  const { size, names } = regression.features;
  const data = scaled(regression.solve(choice.penalty), choice, width + 1);
  return { names, weight: { shape: [size, width + 1], data }, choice };
}

/** phi M as it scores: O | b */
function scoring(place: Float64Array, outputLength: number): Float64Array {
  const vector = outputVectors(Float32Array.from(place.subarray(0, -1)), place.length - 1, outputLength);
  return Float64Array.of(...vector, place[place.length - 1] ?? 0);
}

function judgeCases(judge: ContentJudge, { learner, rules, blend, limit }: ServedScores, asked: readonly Case[]): void {
  learner.evaluate((network) => {
    const [histories, beside] = [asked.map(({ history }) => history), asked.map((one) => one.beside)];
    eachScores(network, queryVectors(network, histories, limit, beside), (index, scores, u) => {
      const one = asked[index];
      if (one === undefined) throw new Error(`there is no case ${index}`);
      addGains(scores.subarray(1), gainsOf(rules, recentOf(one.history), blend));
      judge.take(u, scores, one);
    });
  });
}

/** Disjoint groups of the rows that have content. */
function groupsOf({ phi, fitted }: ContentRegression, seed: number): readonly (readonly number[])[] {
  const rows = [...phi.keys()].filter((row) => phi[row] !== null);
  if (rows.length < leastItems) return [];
  new Random(seed).shuffle(rows);
  const size = Math.min(largestGroup, Math.round(rows.length * groupShare));
  const affordable = Math.floor(fitWork / ((penalties.length * fitted.length ** 3) / 3));
  const length = Math.max(groupCount.least, Math.min(groupCount.most, affordable));
  return Array.from({ length }, (_, group) => rows.slice(group * size, (group + 1) * size));
}

/** M with the scale in its vectors and the offset in the constant's bias. */
function scaled(map: Float64Array, { scale, offset }: ContentChoice, columns: number): Float32Array {
  const chosen = Float32Array.from(map, (value, at) => (at % columns === columns - 1 ? value : scale * value));
  chosen[chosen.length - 1] = (map[map.length - 1] ?? 0) + offset;
  return chosen;
}
