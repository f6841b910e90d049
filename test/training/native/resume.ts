/**
 * A training that is killed and taken up again, in the middle of an epoch and between two, gives bit for bit the weights and
 * figures of one that was not: each in a process of its own, ended by SIGKILL as soon as its n-th state is written. So it does
 * from the start where the state is cut off.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseOutcomes } from '../../../src/model/outcome.js';
import { defaultHyperparameters, type Hyperparameters } from '../../../src/training/hyperparameters.js';
import type { SequenceLog } from '../../../src/training/log/sequences.js';
import { Learner } from '../../../src/training/graph/learner.js';
import { dimensionsOf } from '../../../src/training/graph/network-sizes.js';
import type { Parameters } from '../../../src/training/graph/parameters.js';
import { leaveOneOut } from '../../../src/training/log/split.js';
import { StateFile } from '../../../src/training/state/state-file.js';
import { learn } from '../../../src/training/trainer.js';
import { startOf } from '../../../src/training/warm-start.js';
import { plantedLog } from '../planted.js';

/** A state after each step, whatever it takes. */
class EveryStep extends StateFile {
  override isDue(): boolean {
    return true;
  }
}

interface Told {
  readonly resumed: readonly [number, number] | null;
  readonly notices: readonly string[];
  readonly figures: { readonly epochs: readonly { readonly epoch: number }[] };
}

const recipe = { ...defaultHyperparameters, width: 8, batchPositions: 128, epochs: 4, patience: 9 };
const [, script = '', stateFile, killAfter, switches = '{}'] = process.argv;
if (stateFile !== undefined) {
  await train(stateFile, Number(killAfter), JSON.parse(switches) as Partial<Hyperparameters>);
} else {
  compare({ averageDecay: 0.9 }, true);
  compare({
    ...{ sampledAbove: 0, negatives: 16, averageDecay: 0.9, labelSmoothing: 0.1, recencyDecay: 0.8, recencyFloor: 0.2 },
    ...{ heads: 2, kindVectors: true, gapBuckets: 4 },
  });
  compare({
    ...{ outcomes: parseOutcomes('like=2,dislike=-1'), outcomesThroughout: true },
    itemStart: 'cooccurrence',
  });
}

/** Every third interaction is a dislike. */
function judged({ users, ...log }: SequenceLog): SequenceLog {
  return {
    ...log,
    kinds: ['like', 'dislike'],
    users: { ...users, kinds: users.kinds.map((_, event) => +(event % 3 === 0)) },
  };
}

async function train(file: string, states: number, switched: Partial<Hyperparameters>): Promise<void> {
  const hyperparameters = { ...recipe, ...switched };
  const split = leaveOneOut(judged(plantedLog(60, 5)));
  const dimensions = dimensionsOf(split, hyperparameters);
  const { parameters } = await startOf(null, split, dimensions, hyperparameters);
  const learner = new Learner(hyperparameters, dimensions, split, parameters);
  let written = 0;
  const notices: string[] = [];
  const onWritten = () => {
    if (++written === states) process.kill(process.pid, 'SIGKILL');
  };
  const store = new EveryStep(file, 'digest', onWritten, (message) => notices.push(message));
  let resumed: readonly [number, number] | null = null;
  const listener = {
    onProgress: () => undefined,
    onEpoch: () => undefined,
    onResume: (epochs: readonly unknown[], steps: number) => (resumed = [epochs.length, steps]),
  };
  const signal = new AbortController().signal;
  const learned = await learn(learner, split, hyperparameters, listener, signal, store);
  const epochs = learned.epochs.map(({ seconds, peakMemoryBytes, ...figures }) => figures);
  const { optimizer, ...streams } = learner.exportState();
  const [best, final] = [hashOf(learned.best), hashOf(optimizer.tensors)];
  const figures = { best, final, bestEpoch: learned.bestEpoch, steps: optimizer.steps, streams, epochs };
  writeFileSync(`${file}.result`, JSON.stringify({ resumed, notices, figures }));
}

function hashOf(parameters: Parameters): string {
  const hash = createHash('sha256');
  for (const [name, { data }] of parameters) hash.update(name).update(data);
  return hash.digest('hex');
}

function compare(switched: Partial<Hyperparameters>, damage = false): void {
  const folder = mkdtempSync(join(tmpdir(), 'recollect-resume-'));
  const run = (name: string, states: number) => {
    const args = [script, join(folder, name), String(states), JSON.stringify(switched)];
    return spawnSync(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  };
  const resultOf = (name: string) => JSON.parse(readFileSync(join(folder, `${name}.result`), 'utf8')) as Told;
  try {
    assert.equal(run('whole', 0).status, 0);
    const whole = resultOf('whole');
    assert.equal(whole.resumed, null);
    assert.deepEqual(
      whole.figures.epochs.map(({ epoch }) => epoch),
      [1, 2, 3, 4],
    );
    assert.equal(run('killed', 3).signal, 'SIGKILL');
    copyFileSync(join(folder, 'killed'), join(folder, 'damaged'));
    assert.equal(run('killed', 13).signal, 'SIGKILL');
    assert.equal(run('killed', 0).status, 0);
    const killed = resultOf('killed');
    assert.deepEqual(killed.notices, []);
    assert.equal(killed.resumed?.[1], 16, 'the last process goes on after the steps of the two that were killed');
    assert.deepEqual(killed.figures, whole.figures);

    if (!damage) return;
    truncateSync(join(folder, 'damaged'), 1_000);
    assert.equal(run('damaged', 0).status, 0);
    const damaged = resultOf('damaged');
    assert.deepEqual(damaged.notices, [
      'the training state is not used: it is damaged or truncated; the training starts anew',
    ]);
    assert.equal(damaged.resumed, null);
    assert.deepEqual(damaged.figures, whole.figures);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
