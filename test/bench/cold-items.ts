/**
 * How well does content stand in for interactions? A tenth of the items is cut out of the training, and what the trained network then
 * does with them is measured beside popularity, chance and the trained attribute vectors alone; and what they cost the others.
 *
 *   npm run bench -- cold-items                                     MovieLens latest-small, which is in the repository
 *   npm run bench -- cold-items --set beauty --data <folder>        a public set with attributes, see `npm run reproduce`
 *   options: --draws 3 (other items and another training each), --epochs 10
 */
import { parseArgs } from 'node:util';
import { datasets, type DatasetName } from '../../src/training/reproduce/datasets.js';
import { judge, newTallies } from './cold-figures.js';
import { coldSplit, filmSet, publicSet } from './cold-split.js';
import { trainedNetwork } from './trained-network.js';

const { values } = parseArgs({
  options: {
    set: { type: 'string', default: 'ml-latest-small' },
    data: { type: 'string', default: '' },
    draws: { type: 'string', default: '1' },
    epochs: { type: 'string' },
  },
});
const isSet = (name: string): name is DatasetName => name in datasets;
if (values.set !== 'ml-latest-small' && !isSet(values.set)) throw new Error(`there is no set ${values.set}`);
const bench = isSet(values.set) ? await publicSet(values.set, values.data) : filmSet();
const draws = Number(values.draws);
const epochs = values.epochs === undefined ? bench.recipe.epochs : Number(values.epochs);

const tallies = newTallies();
let chance = 0;
let items = 0;
let cold = 0;
for (let seed = 1; seed <= draws; seed++) {
  const split = coldSplit(bench, seed);
  const content = split.log.vocabulary.map((id) => bench.content.get(id)).filter((item) => item !== undefined);
  const recipe = { ...bench.recipe, epochs, seed };
  const network = await trainedNetwork({ log: split.log, content }, recipe, `draw ${seed}`);
  chance += judge(network, bench, split, tallies);
  items = network.vocabulary.size;
  cold = split.cold.length;
}

const figures = Object.fromEntries(Object.entries(tallies).map(([name, tally]) => [name, tally.figures()]));
const random = chance / Math.max(1, tallies.content.cases);
process.stdout.write(
  `\n${bench.title}: ${items} items learned, ${cold} cut, ${draws} draws of ${epochs} epochs at most\n`,
);
process.stdout.write(`${''.padEnd(28)}HR@10 +- se        NDCG@10   cases\n`);
for (const [name, { hrAt10, standardError, ndcgAt10, cases }] of Object.entries(figures)) {
  const shown = `${hrAt10.toFixed(4)} ${standardError.toFixed(4)}`;
  process.stdout.write(`${name.padEnd(28)}${shown.padEnd(19)}${ndcgAt10.toFixed(4).padEnd(10)}${cases}\n`);
}
process.stdout.write(`${'chance'.padEnd(28)}${random.toFixed(4)}\n`);
process.stdout.write(
  `${JSON.stringify({ bench: 'cold-items', set: values.set, items, cold, draws, epochs, random, ...figures })}\n`,
);
