/**
 * A planted log whose last item of each circle is cut out of the training: what its content says of its circle is all that there
 * is to know of it. By its categories, its text or its vector it must stand before the cut items of the other circles.
 */
import assert from 'node:assert/strict';
import { contentMapOf, decodeCheckpoint, encodeCheckpoint } from '../../../src/model/checkpoint.js';
import type { ItemContent } from '../../../src/model/content.js';
import { Network } from '../../../src/model/network.js';
import type { ContentById } from '../../../src/training/content/content-file.js';
import { trainModel } from '../../../src/training/model-training.js';
import { SequenceCollector, sequenceOf, userCount, type SequenceLog } from '../../../src/training/log/sequences.js';
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

const byCategory = (circle: number): ItemContent => ({ categories: [`circle ${circle}`], text: '', vector: null });
const byText = (circle: number): ItemContent => ({
  categories: [],
  text: `A ${words[circle] ?? ''} thing`,
  vector: null,
});
const byVector = (circle: number): ItemContent => ({ categories: [], text: '', vector: oneHot(circle) });

async function trained(categories: boolean): Promise<Network> {
  const log = without(plantedLog(200, 5), categories);
  const content: ContentById = new Map(
    log.vocabulary.map((id) => [id, { text: byText(circleOf(id)).text, vector: oneHot(circleOf(id)) }]),
  );
  const { checkpoint } = await trainModel(
    log,
    { hyperparameters: { ...plantedRecipe, epochs: 6 }, device: 'cpu' },
    { onProgress: () => undefined, onEpoch: () => undefined },
    new AbortController().signal,
    { content: categories ? new Map() : content },
  );
  return new Network(decodeCheckpoint(encodeCheckpoint(checkpoint)));
}

function placesByCircle(network: Network, contentOf: (circle: number) => ItemContent): void {
  const map = contentMapOf(network.checkpoint);
  for (const circle of circles) {
    const history = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((place) => network.vocabulary.rowOf(`item ${circle}-${place}`));
    const u = network.query(network.trace(history).state);
    const scores = circles.map((other) => {
      const placed = map?.place(contentOf(other));
      assert.ok(placed, `an item like ${JSON.stringify(contentOf(other))} has a place`);
      return placed.vector.reduce((sum, value, at) => sum + value * (u[at] ?? 0), placed.bias);
    });
    const best = scores.indexOf(Math.max(...scores));
    assert.equal(best, circle, `the unseen item like ${JSON.stringify(contentOf(circle))} comes first for its circle`);
  }
  assert.equal(map?.place({ categories: ['of nobody'], text: 'unheard', vector: null }), null);
}

placesByCircle(await trained(true), byCategory);
const described = await trained(false);
placesByCircle(described, byText);
placesByCircle(described, byVector);
