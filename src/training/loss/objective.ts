/**
 * What a batch is scored against: the whole catalogue, or above a catalogue of `sampledAbove` items a sample of negatives. Of the
 * sampled batch only the rows that it names are read from the item table and changed.
 */
import { tf, type Tensor } from '../backend.js';
import type { Batch } from '../log/batches.js';
import type { Hyperparameters } from '../hyperparameters.js';
import { attributeBags, type AttributeBags } from '../graph/item-table.js';
import { crossEntropy } from './loss.js';
import { Proposal } from './proposal.js';
import type { Random } from '../random.js';
import { allRows, type TouchedRows } from '../optimizer/row-adam.js';
import { attributesOfRows, sampledBatch } from './sampled-batch.js';
import { sampledCrossEntropy } from './sampled-softmax.js';
import type { Split } from '../log/split.js';
import { frequencies } from '../evaluation/transitions.js';

export interface Objective {
  /** the batch; its items are rows of the table that the touched rows make */
  readonly batch: Batch;
  readonly touched: TouchedRows;
  readonly bags: AttributeBags | null;
  /** u [P d], table E' [R d], bias [R-1], targets [P], weights [P] or null -> the mean loss */
  readonly loss: (u: Tensor, table: Tensor, bias: Tensor, targets: Tensor, weights: Tensor | null) => Tensor;
}

/** Makes the objective of a batch; its tensors are the caller's. `bags` are those of the whole table; `random` draws the negatives. */
export type ObjectiveOf = (batch: Batch) => Objective;

export function objectiveOf(
  { labelSmoothing: smoothing, sampledAbove, negatives: draws }: Hyperparameters,
  { training, itemAttributes, vocabulary, attributes }: ObjectiveData,
  bags: AttributeBags | null,
  random: Random,
): ObjectiveOf {
  if (vocabulary.length <= sampledAbove) {
    return (batch) => ({
      batch,
      touched: allRows,
      bags,
      loss: (u, table, bias, targets, weights) => crossEntropy(u, table, bias, targets, { smoothing, weights }),
    });
  }
  const proposal = new Proposal(frequencies(training, vocabulary.length));
  return (batch) => {
    const { rows, negatives, logExpected, batch: named } = sampledBatch(batch, proposal, draws, random);
    const sampled = { negatives, logExpected: tf.tensor1d(logExpected) };
    return {
      batch: named,
      touched: new Map([
        ['item.embedding', tf.tensor1d(rows)],
        ['output.bias', tf.tensor1d(rows.subarray(1).map((row) => row - 1))],
      ]),
      bags: bags === null ? null : attributeBags(attributesOfRows(itemAttributes, rows), attributes.length),
      loss: (u, table, bias, targets, weights) =>
        sampledCrossEntropy(u, table, bias, targets, sampled, { smoothing, weights }),
    };
  };
}

export type ObjectiveData = Pick<Split, 'training' | 'itemAttributes' | 'vocabulary' | 'attributes'>;
