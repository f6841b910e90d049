/**
 * A retraining after the log has grown, from the live model's weights against from scratch, on Amazon Beauty with its attributes.
 *
 * The older log lacks a tenth of the users, a twentieth of the items, and of each user the last tenth of the events, rounded
 * up. The model trained on it gives the weights; both retrainings see the whole log. The figure is the epoch at which the warm
 * one reaches the best validation NDCG@10 of the one from scratch, and the epoch at which that one did; null: never.
 * One training of the older log, one from scratch and a warm one of half its epochs: about ten minutes on one core.
 *
 *   npm run bench -- warm-start --data <folder of the data sets> [--epochs <count>]
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { datasets, readDataset } from '../../src/training/reproduce/datasets.js';
import type { Hyperparameters } from '../../src/training/hyperparameters.js';
import { Random } from '../../src/training/random.js';
import { SequenceCollector, sequenceOf, userCount, writeSequences } from '../../src/training/log/sequences.js';
import type { SequenceLog } from '../../src/training/log/sequences.js';
import { leastEvents } from '../../src/training/log/held-out.js';
import { machine } from '../../src/training/reproduce/reproduce.js';
import { trainerEntry, trainInChild } from '../../src/training/trainer-child.js';
import { inTrainingFolder } from '../../src/training/training-folder.js';
import type { TrainingResult } from '../../src/training/training-job.js';

const everybody = Number.MAX_SAFE_INTEGER;
const { values } = parseArgs({
  options: { data: { type: 'string', default: 'data' }, epochs: { type: 'string' } },
});
const { recipe } = datasets.beauty;
const epochs = Number(values.epochs ?? recipe.epochs);
const asked = { ...recipe, epochs, seed: 1, validationUsers: everybody, testUsers: everybody };
/** Only its weights count. */
const barelyAsked = { ...asked, validationUsers: 2_000, testUsers: 10 };

/** What the whole log holds out was held out here too: a user's beginning that is too short for that is left out. */
function older({ users, vocabulary, attributes, itemAttributes: { offsets, ids } }: SequenceLog): SequenceLog {
  const random = new Random(7);
  const isNew = vocabulary.map(() => random.next() < 0.05);
  const collector = new SequenceCollector();
  for (let user = 0; user < userCount(users); user++) {
    const isKnown = random.next() >= 0.1;
    const sequence = sequenceOf(users, user);
    const before = sequence.subarray(0, Math.floor(0.9 * sequence.length)).filter((row) => isNew[row - 1] !== true);
    if (!isKnown || before.length < leastEvents) continue;
    for (const row of before) collector.add(vocabulary[row - 1] ?? '');
    collector.endUser();
  }
  const rows = new Map(vocabulary.map((id, index) => [id, index + 1]));
  return collector.finish((id) => {
    const row = rows.get(id) ?? 0;
    return [...ids.subarray(offsets[row], offsets[row + 1])].map((attribute) => attributes[attribute] ?? '');
  });
}

async function train(
  name: string,
  folder: string,
  log: SequenceLog,
  hyperparameters: Hyperparameters,
  weights?: string,
): Promise<TrainingResult> {
  const inputFile = join(folder, `${name}.log`);
  await writeSequences(inputFile, log);
  const outputFile = join(folder, `${name}.safetensors`);
  const warmStart = weights === undefined ? null : { file: weights, modelVersion: 1 };
  const result = await trainInChild(
    { inputFile, outputFile, device: 'cpu', hyperparameters, warmStart },
    {
      entry: trainerEntry,
      threads: 1,
      signal: new AbortController().signal,
      onNews: (news) => {
        if (news.type !== 'epoch') return;
        const { epoch, validationNdcgAt10, seconds } = news.figures;
        process.stdout.write(
          `${name} epoch ${epoch} validation NDCG@10 ${(validationNdcgAt10 ?? 0).toFixed(4)} ${seconds.toFixed(1)} s\n`,
        );
      },
    },
  );
  if (result.warmStartRefused !== undefined) throw new Error(result.warmStartRefused);
  return result;
}

const round = (value: number | null): number => Number((value ?? 0).toFixed(5));
const bestOf = ({ epochs, bestEpoch }: TrainingResult): number => epochs[bestEpoch - 1]?.validationNdcgAt10 ?? 0;
const figures = (result: TrainingResult) => ({
  bestEpoch: result.bestEpoch,
  ndcg10: round(bestOf(result)),
  ndcg10ByEpoch: result.epochs.map(({ validationNdcgAt10 }) => round(validationNdcgAt10)),
  testNdcg10: round(result.test.modelWithoutBlend.ndcgAt10),
  seconds: Math.round(result.epochs.reduce((sum, { seconds }) => sum + seconds, 0)),
});

const log = await readDataset(values.data, datasets.beauty);
const { before, warm, scratch } = await inTrainingFolder(async (folder) => {
  const before = await train('older', folder, older(log), barelyAsked);
  const warm = await train('warm', folder, log, asked, before.checkpointPath);
  return { before, warm, scratch: await train('scratch', folder, log, asked) };
});
const reached = warm.epochs.find(({ validationNdcgAt10 }) => (validationNdcgAt10 ?? 0) >= bestOf(scratch));
const report = {
  bench: 'warm-start',
  events: { before: before.events, after: scratch.events },
  users: { before: before.users, after: scratch.users },
  items: { before: before.items, after: scratch.items },
  scratch: figures(scratch),
  warm: figures(warm),
  epochsToBest: scratch.bestEpoch,
  warmEpochsToSame: reached?.epoch ?? null,
  machine: machine(),
};
process.stdout.write(`${JSON.stringify(report)}\n`);
