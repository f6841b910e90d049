/**
 * A log with a planted pattern: items stand in circles, and a user goes around one of them, with a random item now
 * and then.
 */
import { defaultHyperparameters, type Hyperparameters } from '../../src/training/hyperparameters.js';
import { Random } from '../../src/training/random.js';
import { SequenceCollector, type SequenceLog } from '../../src/training/log/sequences.js';

const circles = 6;
const length = 10;

/** Learns the pattern in seconds. */
export const plantedRecipe: Hyperparameters = {
  ...defaultHyperparameters,
  width: 16,
  dropout: 0.1,
  epochs: 12,
  batchPositions: 128,
  learningRate: 1e-2,
};

export function plantedLog(users: number, seed: number): SequenceLog {
  const random = new Random(seed);
  const collector = new SequenceCollector();
  const item = (circle: number, place: number) => `item ${circle}-${place % length}`;
  for (let user = 0; user < users; user++) {
    const circle = random.below(circles);
    let place = random.below(length);
    const events = 8 + random.below(20);
    for (let event = 0; event < events; event++) {
      if (random.next() < 0.15) collector.add(item(random.below(circles), random.below(length)));
      else collector.add(item(circle, ++place));
    }
    collector.endUser();
  }
  return collector.finish((id) => [`circle ${id.slice(5, 6)}`]);
}
