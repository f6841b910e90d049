/**
 * A batch with its sample of negatives, over the rows of the item table that either names: the unknown item, the negatives, then the
 * batch's own items. A step of a large catalogue gathers these rows, has gradients of these alone, and moves these alone.
 */
import type { Batch } from '../log/batches.js';
import type { Proposal } from './proposal.js';
import type { Random } from '../random.js';
import type { ItemAttributes } from '../log/sequences.js';

export interface SampledBatch {
  /** rows of the item table, each once; the first is 0 */
  readonly rows: Int32Array; //          [R]
  /** places 1 .. negatives of `rows` are the sample */
  readonly negatives: number;
  /** by place, from 1 on; see `sampled-softmax` */
  readonly logExpected: Float32Array;
  /** the batch, its items named by their places in `rows` */
  readonly batch: Batch;
}

export function sampledBatch(batch: Batch, proposal: Proposal, draws: number, random: Random): SampledBatch {
  const sample = proposal.sample(draws, random);
  const placeOf = new Map<number, number>([[0, 0]]);
  const placesOf = (rows: Int32Array): Int32Array =>
    rows.map((row) => {
      let place = placeOf.get(row);
      if (place === undefined) placeOf.set(row, (place = placeOf.size));
      return place;
    });
  placesOf(sample);
  const { pairs } = batch;
  const named = {
    ...batch,
    rows: placesOf(batch.rows),
    targets: placesOf(batch.targets),
    pairs: pairs && { ...pairs, wanted: placesOf(pairs.wanted), unwanted: placesOf(pairs.unwanted) },
  };
  const rows = Int32Array.from(placeOf.keys());
  const logExpected = Float32Array.from(rows.subarray(1), (row) => proposal.logExpected(row, draws));
  return { rows, negatives: sample.length, logExpected, batch: named };
}

/** The attributes of some rows, by their places. */
export function attributesOfRows({ offsets, ids }: ItemAttributes, rows: Int32Array): ItemAttributes {
  const kept = new Int32Array(rows.length + 1);
  rows.forEach((row, place) => {
    kept[place + 1] = (kept[place] ?? 0) + (offsets[row + 1] ?? 0) - (offsets[row] ?? 0);
  });
  const keptIds = new Int32Array(kept.at(-1) ?? 0);
  rows.forEach((row, place) => {
    keptIds.set(ids.subarray(offsets[row], offsets[row + 1]), kept[place]);
  });
  return { offsets: kept, ids: keptIds };
}
