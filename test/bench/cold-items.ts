/**
 * How well does content stand in for interactions? A tenth of the items is cut out of the training, and what the trained network then
 * does with them is measured beside popularity, chance and the trained attribute vectors alone; and what they cost the others.
 *
 *   npm run bench -- cold-items                                     MovieLens latest-small, which is in the repository
 *   npm run bench -- cold-items --set beauty --data <folder>        a public set with attributes, see `npm run reproduce`
 *   options: --draws 3 (other items and another training each), --epochs 10
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { decodeCheckpoint } from '../../src/model/checkpoint.js';
import { Network } from '../../src/model/network.js';
import { writeContent } from '../../src/training/content/content-file.js';
import { datasets, type DatasetName } from '../../src/training/reproduce/datasets.js';
import { writeSequences } from '../../src/training/log/sequences.js';
import { trainerEntry, trainInChild } from '../../src/training/trainer-child.js';
import { inTrainingFolder } from '../../src/training/training-folder.js';
import { judge, newTallies } from './cold-figures.js';
import { coldSplit, filmSet, publicSet, type BenchSet, type ColdSplit } from './cold-split.js';

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
  const network = await trained(bench, split, seed);
  chance += judge(network, bench, split, tallies);
  items = network.vocabulary.size;
  cold = split.cold.length;
}

async function trained({ content, recipe }: BenchSet, split: ColdSplit, seed: number): Promise<Network> {
  return inTrainingFolder(async (folder) => {
    const inputFile = join(folder, 'log');
    const contentFile = join(folder, 'content');
    await writeSequences(inputFile, split.log);
    const known = split.log.vocabulary.map((id) => content.get(id)).filter((item) => item !== undefined);
    await writeContent(contentFile, [known]);
    const { checkpointPath } = await trainInChild(
      {
        inputFile,
        contentFile,
        outputFile: join(folder, 'checkpoint.safetensors'),
        device: 'cpu',
        hyperparameters: { ...recipe, epochs, seed },
      },
      {
        entry: trainerEntry,
        threads: 1,
        signal: new AbortController().signal,
        onNews: (news) => {
          if (news.type === 'epoch') {
            const { epoch, seconds, validationNdcgAt10 } = news.figures;
            process.stdout.write(
              `  draw ${seed}, epoch ${epoch}: NDCG@10 ${validationNdcgAt10?.toFixed(4) ?? '-'} on validation, ${seconds.toFixed(0)} s\n`,
            );
          }
        },
      },
    );
    return new Network(decodeCheckpoint(await readFile(checkpointPath)));
  });
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
