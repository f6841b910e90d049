/**
 * A whole training with heads, kinds and time gaps switched on, and one without slots: what the training found on its test is
 * what the checkpoint's network answers, event by event, for the same interactions. The log is made so that the kind and the gap
 * of the last event tell the next item: a network that looks at them beats one that does not.
 */
import assert from 'node:assert/strict';
import { decodeCheckpoint, encodeCheckpoint } from '../../../src/model/checkpoint.js';
import { Network } from '../../../src/model/network.js';
import { defaultHyperparameters, type Hyperparameters } from '../../../src/training/hyperparameters.js';
import { quality, rankOf } from '../../../src/training/evaluation/metrics.js';
import { trainModel } from '../../../src/training/model-training.js';
import { Random } from '../../../src/training/random.js';
import { SequenceCollector } from '../../../src/training/log/sequences.js';
import { leaveOneOut } from '../../../src/training/log/split.js';

const hour = 3_600_000;
const random = new Random(3);
const users = Array.from({ length: 150 }, () => {
  let occurredAt = 1.7e12;
  let next = 0;
  return Array.from({ length: 8 + random.below(8) }, () => {
    const [kind, isLong] = [random.below(3), random.below(2) === 1];
    occurredAt += isLong ? 200 * hour : hour / 100;
    const event = { itemId: `item ${next}`, kind: `kind ${kind}`, occurredAt };
    next = 6 * random.below(4) + 2 * kind + (isLong ? 1 : 0); // one of four, told by kind and gap
    return event;
  });
});
const collector = new SequenceCollector();
for (const user of users) {
  for (const { itemId, ...rest } of user) collector.add(itemId, rest);
  collector.endUser();
}
const log = collector.finish((itemId) => [`group ${Number(itemId.slice(5)) % 4}`]);

async function train(switches: Partial<Hyperparameters>): Promise<number> {
  const sizes = { width: 16, slots: 2, epochs: 6, batchPositions: 256, window: 6, dropout: 0.1 };
  const hyperparameters = { ...defaultHyperparameters, ...sizes, ...switches };
  const nobody = { onProgress: () => undefined, onEpoch: () => undefined };
  const { checkpoint, result } = await trainModel(
    log,
    { hyperparameters, device: 'cpu' },
    nobody,
    new AbortController().signal,
  );
  const network = new Network(decodeCheckpoint(encodeCheckpoint(checkpoint)), { round: false });
  const split = leaveOneOut(log);
  const ranks = split.test.map(({ history, target }, user) => {
    const { rows, ...context } = network.eventsOf(users[user]?.slice(0, -1) ?? []);
    assert.deepEqual([...rows], [...history]);
    return rankOf(Float32Array.of(0, ...network.scores(network.trace(rows, context).state)), target, history);
  });
  const { hrAt10, ndcgAt10 } = result.test.model;
  const served = quality(ranks);
  const what = JSON.stringify({ switches, served, trained: result.test.model });
  assert.ok(Math.abs(served.hrAt10 - hrAt10) < 0.008, what); // one of 150 users may stand at a tie
  assert.ok(Math.abs(served.ndcgAt10 - ndcgAt10) < 0.004, what);
  for (const { slotReadEntropy: entropy = null, deadSlots } of result.epochs) {
    if (hyperparameters.slots === 0) assert.deepEqual([entropy, deadSlots], [null, null]);
    else assert.ok(entropy !== null && entropy > 0 && entropy <= 1 && Number.isInteger(deadSlots), what);
  }
  return result.test.modelWithoutBlend.ndcgAt10;
}

const plain = await train({});
const looking = await train({ heads: 2, kindVectors: true, gapBuckets: 6 });
assert.ok(looking > 1.2 * plain, `NDCG@10 with kinds and gaps ${looking}, without ${plain}`);
await train({ slots: 0, kindVectors: true, gapBuckets: 6 });
await train({ outputLength: 1.5 });
await train({ outputLength: 1.5, sampledAbove: 0, negatives: 64 });
await assert.rejects(train({ heads: 3 }), /3 heads, which do not divide the width 16/);
process.stdout.write(JSON.stringify({ plain, looking }));
