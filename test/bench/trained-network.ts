/** The network that a training run makes of a log, on one thread of the processor. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeCheckpoint } from '../../src/model/checkpoint.js';
import { Network } from '../../src/model/network.js';
import type { ItemContentRow } from '../../src/storage/item-content.store.js';
import { writeContent } from '../../src/training/content/content-file.js';
import type { Hyperparameters } from '../../src/training/hyperparameters.js';
import { writeSequences, type SequenceLog } from '../../src/training/log/sequences.js';
import { trainerEntry, trainInChild } from '../../src/training/trainer-child.js';
import { inTrainingFolder } from '../../src/training/training-folder.js';

export interface TrainingSet {
  readonly log: SequenceLog;
  /** of the items that it has */
  readonly content: readonly ItemContentRow[];
}

/** Prints a line an epoch, with this name. */
export async function trainedNetwork(
  { log, content }: TrainingSet,
  hyperparameters: Hyperparameters,
  name: string,
): Promise<Network> {
  return inTrainingFolder(async (folder) => {
    const inputFile = join(folder, 'log');
    const contentFile = join(folder, 'content');
    await writeSequences(inputFile, log);
    await writeContent(contentFile, [content]);
    const { checkpointPath } = await trainInChild(
      {
        inputFile,
        contentFile,
        outputFile: join(folder, 'checkpoint.safetensors'),
        device: 'cpu',
        hyperparameters,
      },
      {
        entry: trainerEntry,
        threads: 1,
        signal: new AbortController().signal,
        onNews: (news) => {
          if (news.type === 'epoch') {
            const { epoch, seconds, validationNdcgAt10 } = news.figures;
            process.stdout.write(
              `  ${name}, epoch ${epoch}: NDCG@10 ${validationNdcgAt10?.toFixed(4) ?? '-'} on validation, ${seconds.toFixed(0)} s\n`,
            );
          }
        },
      },
    );
    return new Network(decodeCheckpoint(await readFile(checkpointPath)));
  });
}
