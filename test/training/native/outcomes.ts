/**
 * Outcomes on a log in which they can be known: users go around one of a few circles, at each place by one of two items, whichever;
 * in an even circle the red one is liked and the blue one disliked, in an odd one the other way round. Kinds and values are not looked
 * at by the network, so without outcomes it cannot tell the two apart.
 */
import assert from 'node:assert/strict';
import type { Blend, Checkpoint } from '../../../src/model/checkpoint.js';
import { Network } from '../../../src/model/network.js';
import { parseOutcomes } from '../../../src/model/outcome.js';
import type { UserState } from '../../../src/model/user-state.js';
import { sequentialRules } from '../../../src/training/evaluation/baselines.js';
import { checkpointOf } from '../../../src/training/graph/export.js';
import type { Hyperparameters } from '../../../src/training/hyperparameters.js';
import { isOfRead, learnLabelled } from '../../../src/training/labelled-stage.js';
import { Learner } from '../../../src/training/graph/learner.js';
import { dimensionsOf } from '../../../src/training/graph/network-sizes.js';
import { trainModel, type TrainedModel } from '../../../src/training/model-training.js';
import { Random } from '../../../src/training/random.js';
import { SequenceCollector, sequenceOf, userCount } from '../../../src/training/log/sequences.js';
import { leaveOneOut } from '../../../src/training/log/split.js';
import { learn } from '../../../src/training/trainer.js';
import { pairOrder } from '../../bench/outcome-judgement.js';
import { plantedRecipe } from '../planted.js';

const [circles, length] = [4, 8];
const random = new Random(11);
const collector = new SequenceCollector();
for (let user = 0; user < 200; user++) {
  const circle = random.below(circles);
  let place = random.below(length);
  for (let event = 0; event < 12; event++) {
    place = (place + 1) % length;
    const isRed = random.next() < 0.5;
    const kind = isRed === (circle % 2 === 0) ? 'like' : 'dislike';
    collector.add(`${circle}-${place}-${isRed ? 'red' : 'blue'}`, { kind });
  }
  collector.endUser();
}
const log = collector.finish(() => []);

const recipe: Hyperparameters = { ...plantedRecipe, width: 8, slots: 2, epochs: 8 };
const nobody = { onProgress: () => undefined, onEpoch: () => undefined };
const none: Blend = { weight: 0, scale: 1, placePower: 1, repeat: 0 };

async function train(more: Partial<Hyperparameters>): Promise<TrainedModel> {
  const hyperparameters = { ...recipe, ...more };
  return trainModel(log, { hyperparameters, device: 'cpu' }, nobody, new AbortController().signal);
}

interface Judged {
  readonly order: number;
  readonly states: readonly UserState[];
}

/** The memory of the first user of each circle, and how often the model puts what its users like above what they don't. */
function judge(checkpoint: Checkpoint): Judged {
  const network = new Network(checkpoint);
  const states = new Map<string, UserState>();
  for (let user = 0; user < userCount(log.users); user++) {
    const items = [...sequenceOf(log.users, user)].map((row) => log.vocabulary[row - 1] ?? '');
    const circle = items[0]?.slice(0, 1) ?? '';
    if (!states.has(circle)) states.set(circle, network.trace(items.map((id) => network.vocabulary.rowOf(id))).state);
  }
  const orders = [...states].map(([circle, state]) => {
    const scores = network.scoresWithoutRules(state);
    const of = (colour: string) =>
      Array.from({ length }, (_, place) => scores[network.vocabulary.rowOf(`${circle}-${place}-${colour}`) - 1] ?? NaN);
    const [red, blue] = [of('red'), of('blue')];
    return Number(circle) % 2 === 0 ? pairOrder(red, blue) : pairOrder(blue, red);
  });
  return { order: orders.reduce((sum, order) => sum + order, 0) / orders.length, states: [...states.values()] };
}

const outcomes = parseOutcomes('like=2,dislike=-1');
const without = await train({});
const weighted = await train({ outcomes, outcomesThroughout: true, pairWeight: 0, labelledEpochs: 0 });
const paired = await train({ outcomes, outcomesThroughout: true, pairWeight: 1, labelledEpochs: 0 });
const [plainOrder, weightedOrder, pairedOrder] = [without, weighted, paired].map(
  (model) => judge(model.checkpoint).order,
);
const orders = JSON.stringify({ plainOrder, weightedOrder, pairedOrder });
assert.ok(Math.abs((plainOrder ?? 0) - 0.5) < 0.2, `without outcomes the order is chance: ${orders}`);
assert.ok((weightedOrder ?? 0) > 0.7 && (pairedOrder ?? 0) > 0.9, `with outcomes it is known: ${orders}`);

// the stage alone, after a training without outcomes
const split = leaveOneOut(log);
const dimensions = dimensionsOf(split, recipe);
const learner = new Learner(recipe, dimensions, split);
const { signal } = new AbortController();
const { best: first } = await learn(learner, split, recipe, nobody, signal);
const stage = { ...recipe, outcomes, labelledEpochs: 4, labelledRate: 1e-2 };
const { best: last, ...labelled } = await learnLabelled(learner, first, { split, log }, stage, nobody, signal);
const figures = labelled.labelledEpochs.map(({ outcomeNdcgAt10 }) => outcomeNdcgAt10);
assert.equal(figures.length, 5);
assert.equal(figures[labelled.labelledEpoch], Math.max(...figures), 'the best epoch is kept');
assert.ok(labelled.labelledEpoch > 0, `the stage brings something: ${figures.join(' ')}`);
const moved = [...first].filter(([name, { data }]) => data.some((number, at) => number !== last.get(name)?.data[at]));
assert.ok(
  moved.length > 5 && moved.every(([name]) => isOfRead(name)),
  `what moved: ${moved.map(([name]) => name).join(' ')}`,
);
const [before, after] = [first, last].map((parameters) =>
  judge(
    checkpointOf(dimensions, split, parameters, sequentialRules(split.training, dimensions.items, { limit: 1 }), none),
  ),
) as [Judged, Judged];
assert.deepEqual(after.states, before.states, 'memories stay bit for bit');
assert.ok(after.order > before.order + 0.1, `order ${before.order} before the stage, ${after.order} after it`);

// sampled negatives take the same outcomes
const sampled = await train({ outcomes, outcomesThroughout: true, sampledAbove: 0, negatives: 16 });
assert.ok(judge(sampled.checkpoint).order > 0.9);
process.stdout.write(`${orders} ${JSON.stringify({ figures, before: before.order, after: after.order })}\n`);
