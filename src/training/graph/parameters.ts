/**
 * The trained tensors of the network: their names (the checkpoint's), shapes and initial values.
 *
 * Matrices are [in, out]. Embeddings and feed-forward weights start as a normal of 0.02 cut at two deviations, the
 * input half of the GRU and the memory's projections Xavier uniform, the recurrent half orthogonal, gate by gate. The
 * memory's output starts at zero: a fresh memory leaves the GRU's path as it is. The write gates start so that slot
 * by slot half-lives run from 1 to 100 events, the same in each head. Vectors of kinds and of time gaps start at zero: a fresh
 * network does not look at them, and a kind that training never saw stays like one that the model does not know.
 */
import type { Dimensions } from '../../model/dimensions.js';
import { Random } from '../random.js';

export interface Parameter {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export type Parameters = ReadonlyMap<string, Parameter>;

export function initialParameters(dimensions: Dimensions, seed: number): Parameters {
  const { width: d, slots: S, blocks, items, attributes, heads: H, kinds, gaps } = dimensions;
  const random = new Random(seed);
  const small = () => Math.max(-2, Math.min(2, random.normal())) * 0.02;
  const parameters = new Map<string, Parameter>();
  const put = (name: string, shape: readonly number[], value: () => number) => {
    const size = shape.reduce((product, length) => product * length, 1);
    parameters.set(name, { shape, data: Float32Array.from({ length: size }, value) });
  };
  const norm = (name: string) => {
    put(`${name}.gain`, [d], () => 1);
    put(`${name}.bias`, [d], () => 0);
  };
  const feedForward = (name: string) => {
    put(`${name}.up.weight`, [d, 4 * d], small);
    put(`${name}.up.bias`, [4 * d], () => 0);
    put(`${name}.down.weight`, [4 * d, d], small);
    put(`${name}.down.bias`, [d], () => 0);
  };
  const uniform = (fans: number) => () => (2 * random.next() - 1) * Math.sqrt(6 / fans);

  put('item.embedding', [items + 1, d], small); //                      [N d]
  parameters.get('item.embedding')?.data.fill(0, 0, d); //              row 0, the unknown item, stays zero
  if (attributes > 0) put('attribute.embedding', [attributes, d], small); // [A d]
  norm('input.norm');
  for (let block = 0; block < blocks; block++) {
    const name = `block.${block}`;
    parameters.set(`${name}.gru.gates.weight`, recurrent(d, 2, uniform(4 * d), random)); // [2d 2d]
    put(`${name}.gru.gates.bias`, [2 * d], () => 0);
    parameters.set(`${name}.gru.candidate.weight`, recurrent(d, 1, uniform(4 * d), random)); // [2d d]
    put(`${name}.gru.candidate.bias`, [d], () => 0);
    norm(`${name}.norm1`);
    feedForward(`${name}.ffn`);
    norm(`${name}.norm2`);
  }
  if (S > 0) {
    for (const part of ['key', 'value', 'query']) put(`memory.${part}.weight`, [d, d], uniform(2 * d));
    put('memory.gate.weight', [d, H * S], small);
    const biases = gateBiases(S);
    parameters.set('memory.gate.bias', {
      shape: [H * S],
      data: Float32Array.from({ length: H * S }, (_, place) => biases[place % S] ?? 0),
    });
    put('memory.output.weight', [d, d], () => 0);
    put('memory.slot.bias', [H * S], () => 0);
  }
  norm('join.norm1');
  feedForward('join.ffn');
  norm('join.norm2');
  put('output.bias', [items], () => 0);
  if (kinds > 0) put('kind.embedding', [kinds + 1, d], () => 0);
  if (gaps > 0) put('gap.embedding', [gaps + 1, d], () => 0);
  return parameters;
}

/** logit(2^(-1 / half-life)) for half-lives in a geometric row from 1 to 100 events. */
export function gateBiases(slots: number): number[] {
  return Array.from({ length: slots }, (_, slot) => {
    const halfLife = slots === 1 ? 10 : 100 ** (slot / (slots - 1));
    const keep = 2 ** (-1 / halfLife);
    return Math.log(keep / (1 - keep));
  });
}

/** A weight of the GRU, [x; h] -> gates: the rows of x uniform, the rows of h an orthogonal matrix for each gate. */
function recurrent(d: number, gates: number, value: () => number, random: Random): Parameter {
  const data = new Float32Array(2 * d * gates * d);
  for (let index = 0; index < d * gates * d; index++) data[index] = value();
  for (let gate = 0; gate < gates; gate++) {
    orthogonal(d, random).forEach((row, at) => {
      data.set(row, (d + at) * gates * d + gate * d);
    });
  }
  return { shape: [2 * d, gates * d], data };
}

/** Rows of a random orthogonal matrix: Gram-Schmidt on normal vectors. */
export function orthogonal(size: number, random: Random): Float64Array[] {
  const rows: Float64Array[] = [];
  while (rows.length < size) {
    const row = Float64Array.from({ length: size }, () => random.normal());
    for (const earlier of rows) {
      const along = dot(row, earlier);
      row.forEach((value, at) => {
        row[at] = value - along * (earlier[at] ?? 0);
      });
    }
    const length = Math.sqrt(dot(row, row));
    rows.push(row.map((value) => value / length));
  }
  return rows;
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
}
