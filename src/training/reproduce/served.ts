/**
 * The test once more as a deployment answers it: the serving network, event by event, with a state that is rounded to half precision
 * after each, where the training's own test has single precision and whole histories at once.
 */
import { readFile } from 'node:fs/promises';
import { decodeCheckpoint } from '../../model/checkpoint.js';
import { Network } from '../../model/network.js';
import { judgeBlend } from '../evaluation/blend.js';
import type { Quality } from '../evaluation/metrics.js';
import { replayScoring } from '../evaluation/replay-scoring.js';
import type { SequenceLog } from '../log/sequences.js';
import { splitLog } from '../log/split.js';
import type { Dataset } from './datasets.js';

export interface ServedQuality {
  readonly model: Quality;
  readonly modelWithoutBlend: Quality;
}

export async function servedQuality(
  checkpointFile: string,
  log: SequenceLog,
  { split, seen }: Pick<Dataset, 'split' | 'seen'>,
): Promise<ServedQuality> {
  const network = new Network(decodeCheckpoint(await readFile(checkpointFile)));
  const { test } = splitLog(log, split, seen);
  const { blend } = network.checkpoint;
  const { model, modelWithoutBlend } = judgeBlend(replayScoring(network), network.transitions, blend, test);
  return { model: model.quality(), modelWithoutBlend: modelWithoutBlend.quality() };
}
