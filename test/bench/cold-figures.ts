/** What the live service would answer in the cases of a cold split, item by item through its own parts, beside what else there is. */
import { attributeWeight } from '../../src/model/embedding.js';
import type { Network } from '../../src/model/network.js';
import { PlacedItems } from '../../src/recommend/placed-items.js';
import { discountedHitAt, hitAt, rankOf } from '../../src/training/evaluation/metrics.js';
import type { BenchSet, ColdCase, ColdSplit } from './cold-split.js';

/** HR@10 and NDCG@10; ties against the target, seen items left out. */
export class Tally {
  cases = 0;
  private hits = 0;
  private gains = 0;

  take(rank: number): void {
    this.cases++;
    this.hits += hitAt(10)(rank);
    this.gains += discountedHitAt(10)(rank);
  }

  figures() {
    const n = Math.max(1, this.cases);
    const hrAt10 = this.hits / n;
    return {
      hrAt10,
      standardError: Math.sqrt((hrAt10 * (1 - hrAt10)) / n),
      ndcgAt10: this.gains / n,
      cases: this.cases,
    };
  }
}

export function newTallies() {
  return {
    /** targets among the cut items, all items ranked */
    content: new Tally(),
    attributeVectors: new Tally(),
    popularity: new Tally(),
    /** the same targets, the cut items alone ranked */
    contentAmongCold: new Tally(),
    attributeVectorsAmongCold: new Tally(),
    /** targets among the learned items, ranked without and with the cut ones */
    warmAlone: new Tally(),
    warmWithCold: new Tally(),
  };
}
export type Tallies = ReturnType<typeof newTallies>;

/** Sums over the cold cases of 10 / items that may be answered: what chance hits. */
export function judge(network: Network, { content }: BenchSet, split: ColdSplit, tallies: Tallies): number {
  const placed = new PlacedItems({ version: 1, network });
  for (const id of split.cold) placed.put(id, Infinity, content.get(id) ?? null);
  const vectors = split.cold.map((id) => attributeVector(network, content.get(id)?.categories ?? []));
  const learned = network.vocabulary.size;
  const counts = Float64Array.from({ length: learned + split.cold.length + 1 }, () => 0);
  for (const row of split.log.users.rows) {
    const known = network.vocabulary.rowOf(split.log.vocabulary[row - 1] ?? '');
    counts[known] = (counts[known] ?? 0) + 1;
  }
  const placeOf = new Map(placed.ids.map((id, index) => [id, index]));
  const coldAt = new Map(split.cold.map((id, index) => [id, index]));
  let chance = 0;
  const scored = ({ history }: ColdCase) => {
    const { state } = network.trace(history.map((id) => network.vocabulary.rowOf(id)));
    const u = network.query(state);
    return { u, scores: network.scores(state, u) };
  };
  /** by row, row 0 first, as `rankOf` takes them */
  const rows = (scores: Float32Array): Float32Array => joined(Float32Array.of(-Infinity), scores);

  for (const one of split.coldCases) {
    const { u, scores } = scored(one);
    const known = one.history.map((id) => network.vocabulary.rowOf(id)).filter((row) => row > 0);
    const byContent = placed.scores(u);
    const seenPlaces = [...one.seen].map((id) => placeOf.get(id) ?? -1).filter((at) => at >= 0);
    const own = placeOf.get(one.target);
    const out = Int32Array.from([...known, ...seenPlaces.map((at) => learned + at + 1)]);
    tallies.content.take(
      own === undefined ? Infinity : rankOf(rows(joined(scores, byContent)), learned + own + 1, out),
    );
    tallies.contentAmongCold.take(
      own === undefined
        ? Infinity
        : rankOf(
            rows(byContent),
            own + 1,
            Int32Array.from(seenPlaces, (at) => at + 1),
          ),
    );
    const byAttributes = Float32Array.from(vectors, (vector) =>
      vector.reduce((sum, x, at) => sum + x * (u[at] ?? 0), 0),
    );
    const seenCold = [...one.seen].map((id) => coldAt.get(id) ?? 0);
    const at = coldAt.get(one.target) ?? 0;
    const outCold = Int32Array.from([...known, ...seenCold.map((place) => learned + place + 1)]);
    tallies.attributeVectors.take(rankOf(rows(joined(scores, byAttributes)), learned + at + 1, outCold));
    tallies.attributeVectorsAmongCold.take(
      rankOf(
        rows(byAttributes),
        at + 1,
        Int32Array.from(seenCold, (place) => place + 1),
      ),
    );
    tallies.popularity.take(rankOf(counts, learned + at + 1, outCold));
    chance += 10 / (learned + split.cold.length - new Set(outCold).size);
  }
  for (const one of split.warmCases) {
    const { u, scores } = scored(one);
    const target = network.vocabulary.rowOf(one.target);
    const known = one.history.map((id) => network.vocabulary.rowOf(id)).filter((row) => row > 0);
    const seenPlaces = [...one.seen].map((id) => placeOf.get(id) ?? -1).filter((at) => at >= 0);
    tallies.warmAlone.take(rankOf(rows(scores), target, Int32Array.from(known)));
    const out = Int32Array.from([...known, ...seenPlaces.map((at) => learned + at + 1)]);
    tallies.warmWithCold.take(rankOf(rows(joined(scores, placed.scores(u))), target, out));
  }
  return chance;
}

/** A a(j) alone, without bias: what the trained attribute vectors say of an item. */
function attributeVector({ checkpoint, dimensions }: Network, categories: readonly string[]): Float32Array {
  const { width } = dimensions;
  const vector = new Float32Array(width);
  const known = categories.map((name) => checkpoint.attributes.indexOf(name)).filter((at) => at >= 0);
  const weight = attributeWeight(Int32Array.of(0, known.length), 0);
  for (const row of known) {
    for (let at = 0; at < width; at++) {
      const value = checkpoint.tensors.get('attribute.embedding')?.data[row * width + at] ?? 0;
      vector[at] = (vector[at] ?? 0) + weight * value;
    }
  }
  return vector;
}

function joined(first: Float32Array, second: Float32Array): Float32Array {
  const both = new Float32Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
