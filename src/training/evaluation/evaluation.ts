/**
 * Full ranking by the network in training: query vectors of whole histories, then every item's score. The sequences
 * of a block have like lengths, so that little of it is padding.
 */
import { multiply, read, tf } from '../backend.js';
import { contextOf, type Beside } from '../log/event-context.js';
import { sequencesOf } from '../graph/graph.js';
import type { Evaluated, Learner } from '../graph/learner.js';
import type { Scoring } from './scoring.js';

const blockPositions = 8192;
const blockUsers = 256;
/** 64 MB */
const blockScores = 2 ** 24;

/** The network's scores as it is when they are asked for; of a history only the last `limit` items count. */
export function networkScoring(learner: Learner, limit = Number.POSITIVE_INFINITY): Scoring {
  return (histories, visit, beside = []) => {
    learner.evaluate((network) => {
      eachScores(network, queryVectors(network, histories, limit, beside), visit);
    });
  };
}

/** Calls `visit` with the scores of all items by row for each query vector of [histories d]; it must not keep them. */
export function eachScores(
  network: Evaluated,
  vectors: Float32Array,
  visit: (index: number, scores: Float32Array, u: Float32Array) => void,
): void {
  const [rows = 0, width = 1] = network.table.shape;
  const vectorOf = (index: number) => vectors.subarray(index * width, (index + 1) * width);
  const users = Math.max(1, Math.min(blockUsers, Math.floor(blockScores / rows)));
  for (let from = 0; from * width < vectors.length; from += users) {
    const count = Math.min(users, vectors.length / width - from);
    const scores = read(() => {
      const u = tf.tensor2d(vectors.subarray(from * width, (from + count) * width), [count, width]);
      return tf.add(multiply(u, network.table, { b: true }), network.bias); // [count N]
    });
    for (let index = 0; index < count; index++) {
      visit(from + index, scores.subarray(index * rows, (index + 1) * rows), vectorOf(from + index));
    }
  }
}

/** u after the last event of each history, [histories d]; none may be empty. */
export function queryVectors(
  network: Evaluated,
  histories: readonly Int32Array[],
  limit = Number.POSITIVE_INFINITY,
  beside: readonly (Beside | undefined)[] = [],
): Float32Array {
  const recent = histories.map((history) => history.subarray(Math.max(0, history.length - limit)));
  const order = [...recent.keys()].sort((a, b) => (recent[b]?.length ?? 0) - (recent[a]?.length ?? 0));
  const width = network.table.shape[1] ?? 0;
  const vectors = new Float32Array(histories.length * width);
  for (let from = 0; from < order.length;) {
    const steps = recent[order[from] ?? 0]?.length ?? 0;
    if (steps === 0) throw new Error('a history without items has no query vector');
    const users = Math.min(order.length - from, Math.max(1, Math.floor(blockPositions / steps)));
    const block = order.slice(from, from + users);
    const rows = new Int32Array(steps * users);
    const last = new Int32Array(users);
    const kinds = new Int32Array(rows.length);
    const gaps = new Int32Array(rows.length);
    block.forEach((index, column) => {
      const items = recent[index] ?? new Int32Array();
      const end = histories[index]?.length ?? 0;
      const context = contextOf(beside[index], end - items.length, end, network.switches);
      for (let t = 0; t < items.length; t++) {
        rows[t * users + column] = items[t] ?? 0;
        kinds[t * users + column] = context.kinds[t] ?? 0;
        gaps[t * users + column] = context.gaps[t] ?? 0;
      }
      last[column] = (items.length - 1) * users + column;
    });
    const u = read(() => network.vectors(sequencesOf({ rows, kinds, gaps, positions: last, steps, users }))); // [users d]
    block.forEach((index, column) => {
      vectors.set(u.subarray(column * width, (column + 1) * width), index * width);
    });
    from += users;
  }
  return vectors;
}
