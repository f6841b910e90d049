/**
 * A planted log whose last item of each circle is cut out of the training: what its content says of its circle is all that there
 * is to know of it. By its categories, its text or its vector it must stand before the cut items of the other circles.
 */
import assert from 'node:assert/strict';
import { contentMapOf } from '../../../src/model/content.js';
import { Network } from '../../../src/model/network.js';
import { decodeCheckpoint, encodeCheckpoint } from '../../../src/model/checkpoint.js';
import type { ContentById } from '../../../src/training/content-file.js';
import { trainModel } from '../../../src/training/model-training.js';
import { SequenceCollector, sequenceOf, userCount, type SequenceLog } from '../../../src/training/sequences.js';
import { plantedLog, plantedRecipe } from '../planted.js';

const circles = [0, 1, 2, 3, 4, 5];
const words = ['red', 'green', 'blue', 'brown', 'black', 'white'];
const isCut = (id: string): boolean => id.endsWith('-9');
const circleOf = (id: string): number => Number(id.slice(5, 6));
const oneHot = (circle: number): Float32Array => Float32Array.from(circles, (other) => (other === circle ? 2 : 0));

function without(log: SequenceLog, categories: boolean): SequenceLog {
  const collector = new SequenceCollector();
  for (let user = 0; user < userCount(log.users); user++) {
    for (const row of sequenceOf(log.users, user)) {
      const id = log.vocabulary[row - 1] ?? '';
      if (!isCut(id)) collector.add(id);
    }
    collector.endUser();
  }
  return collector.finish((id) => (categories ? [`circle ${circleOf(id)}`] : []));
}

const kinds = {
  categories: (circle: number) => ({ categories: [`circle ${circle}`], text: '', vector: null }),
  text: (circle: number) => ({ categories: [], text: `A ${words[circle] ?? ''} thing`, vector: null }),
  vector: (circle: number) => ({ categories: [], text: '', vector: oneHot(circle) }),
};
const log = plantedLog(300, 5);
for (const [kind, contentOf] of Object.entries(kinds)) {
  const trained = without(log, kind === 'categories');
  const content: ContentById = new Map(trained.vocabulary.map((id) => [id, contentOf(circleOf(id))]));
  const { checkpoint } = await trainModel(
    trained,
    { hyperparameters: plantedRecipe, device: 'cpu' },
    { onProgress: () => undefined, onEpoch: () => undefined },
    new AbortController().signal,
    kind === 'categories' ? new Map() : content,
  );
  const network = new Network(decodeCheckpoint(encodeCheckpoint(checkpoint)));
  const map = contentMapOf(network.checkpoint);
  let first = 0;
  for (const circle of circles) {
    const history = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((place) => network.vocabulary.rowOf(`item ${circle}-${place}`));
    const u = network.query(network.trace(history).state);
    const scores = circles.map((other) => {
      const placed = map?.place(contentOf(other));
      assert.ok(placed, `an item of circle ${other} has a place by its ${kind}`);
      return placed.vector.reduce((sum, value, at) => sum + value * (u[at] ?? 0), placed.bias);
    });
    if (scores.every((score, other) => other === circle || score < (scores[circle] ?? 0))) first++;
  }
  assert.equal(first, circles.length, `by its ${kind} the unseen item of the user's own circle comes first`);
  assert.equal(map?.place({ categories: ['of nobody'], text: 'unheard', vector: null }), null);
}
