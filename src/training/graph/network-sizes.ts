/** The sizes of the network that a recipe trains on a split log. */
import { RecollectError } from '../../errors.js';
import type { Dimensions } from '../../model/dimensions.js';
import type { Hyperparameters } from '../hyperparameters.js';
import type { Split } from '../log/split.js';

/** Throws TRAINING_FAILED where the heads do not divide the width. */
export function dimensionsOf(split: Split, hyperparameters: Hyperparameters): Dimensions {
  const { width, slots, blocks, heads, kindVectors, gapBuckets: gaps, outputLength } = hyperparameters;
  if (width % heads !== 0) {
    const message = `the recipe has ${heads} heads, which do not divide the width ${width}: take a divisor of it`;
    throw new RecollectError('TRAINING_FAILED', message);
  }
  const kinds = kindVectors ? split.kinds.length : 0;
  return {
    width,
    slots,
    blocks,
    items: split.vocabulary.length,
    attributes: split.attributes.length,
    heads,
    kinds,
    gaps,
    outputLength,
  };
}
