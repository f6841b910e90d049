/** The trained network as a checkpoint: what `src/model` serves. */
import type { Blend, Checkpoint, Tensor } from '../../model/checkpoint.js';
import type { Dimensions } from '../../model/dimensions.js';
import type { Transitions } from '../../model/rules.js';
import { Vocabulary } from '../../model/vocabulary.js';
import type { FittedContent } from '../content/content-fit.js';
import type { Parameters } from './parameters.js';
import type { Split } from '../log/split.js';

/** `transitions` are the rules that the blend uses: the strongest of each row. */
export function checkpointOf(
  dimensions: Dimensions,
  split: Pick<Split, 'vocabulary' | 'attributes' | 'itemAttributes' | 'kinds'>,
  parameters: Parameters,
  transitions: Transitions,
  blend: Blend,
  content: FittedContent | null = null,
): Checkpoint {
  const tensors = new Map<string, Tensor>(parameters);
  const put = (name: string, data: Float32Array | Int32Array) => tensors.set(name, { shape: [data.length], data });
  if (dimensions.attributes > 0) {
    put('item.attribute.offsets', split.itemAttributes.offsets);
    put('item.attribute.ids', split.itemAttributes.ids);
  }
  put('rules.offsets', transitions.offsets);
  put('rules.items', transitions.items);
  put('rules.values', transitions.values);
  if (content !== null) tensors.set('content.weight', content.weight);
  const vocabulary = new Vocabulary(split.vocabulary);
  const kinds = dimensions.kinds > 0 ? split.kinds : [];
  return { dimensions, vocabulary, attributes: split.attributes, kinds, blend, content: content?.names, tensors };
}
