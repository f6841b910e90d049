/**
 * What an event costs the network: processor microseconds a step by batch size, for the recipe's sizes, each number the best of
 * the rounds. A second figure has the state read from its stored bytes before, and written to them after, as the write path does.
 */
import { defaultHyperparameters } from '../../src/training/hyperparameters.js';
import { Network } from '../../src/model/network.js';
import { decodeState, emptyState, encodeState } from '../../src/model/user-state.js';
import { randomCheckpoint } from '../random-checkpoint.js';
import { machine } from './machine.js';

const rounds = 15;
const eventsOfRound = 4_096;
const batchSizes = [1, 16, 256];

const { width, slots, heads, blocks } = defaultHyperparameters;
const itemIds = Array.from({ length: 10_000 }, (_, item) => `item-${item}`);
const network = new Network(randomCheckpoint(itemIds, { width, slots, heads, blocks }));

/** The best of the rounds, microseconds an event; `stored` goes by the bytes. */
function measure(batch: number, stored: boolean): number {
  const states = Array.from({ length: batch }, () => emptyState(network.dimensions));
  const bytes = states.map(encodeState);
  let best = Infinity;
  for (let round = 0; round < rounds; round++) {
    const started = process.cpuUsage();
    for (let event = 0; event < eventsOfRound; event += batch) {
      const rows = Int32Array.from({ length: batch }, (_, user) => 1 + ((event * 31 + user * 7919) % itemIds.length));
      if (stored) {
        const read = bytes.map((kept) => decodeState(network.dimensions, kept));
        network.step(read, rows);
        read.forEach((state, user) => (bytes[user] = encodeState(state)));
      } else {
        network.step(states, rows);
      }
    }
    const { user, system } = process.cpuUsage(started);
    best = Math.min(best, (user + system) / eventsOfRound);
  }
  return Number(best.toFixed(2));
}

const figures = batchSizes.map((batch) => {
  const [step, storedStep] = [measure(batch, false), measure(batch, true)];
  process.stdout.write(
    `batches of ${String(batch).padStart(3)}: ${step.toFixed(2)} us a step, ${storedStep.toFixed(2)} us with its bytes read and written\n`,
  );
  return { batch, step, storedStep };
});
process.stdout.write(
  `${JSON.stringify({ bench: 'write-step', machine, microsecondsByBatch: figures, width, slots, heads, blocks })}\n`,
);
