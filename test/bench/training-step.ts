/** Recollect's side of `npm run bench -- training`: the learner of the trainer, asked by lines of JSON; the PyTorch side is training.py. */
import { createInterface } from 'node:readline';
import type { Dimensions } from '../../src/model/dimensions.js';
import { deviceReport, tf } from '../../src/training/backend.js';
import type { Batch } from '../../src/training/log/batches.js';
import { defaultHyperparameters } from '../../src/training/hyperparameters.js';
import { Learner } from '../../src/training/graph/learner.js';
import { receivedBatch, receivedWeights, type Built, type Checked, type Question, type Step } from './training-side.js';

class Steps {
  private readonly batches: readonly Batch[];
  private readonly learner: Learner;

  constructor(private readonly built: Built) {
    this.batches = built.batches.map(receivedBatch);
    this.learner = this.newLearner(built.sizes.dropout);
    this.learner.beginEpoch();
  }

  check(): Checked {
    const learner = this.newLearner(0);
    const gradients: Record<string, number> = {};
    let loss = Number.NaN;
    tf.tidy(() => {
      const [batch] = this.batches;
      if (batch === undefined) throw new Error('there is no batch');
      const made = learner.gradients(batch);
      loss = made.loss;
      for (const [name, gradient] of made.gradients) {
        if (!name.includes('.gru.')) gradients[name] = tf.norm(gradient).dataSync()[0] ?? Number.NaN;
      }
    });
    return { loss, gradients };
  }

  round(): readonly Step[] {
    return this.batches.map((batch) => {
      const [wall, cpu] = [performance.now(), process.cpuUsage()];
      const { loss } = this.learner.step(batch, this.built.sizes.learningRate);
      const { user, system } = process.cpuUsage(cpu);
      return { seconds: (performance.now() - wall) / 1e3, cpuSeconds: (user + system) / 1e6, loss };
    });
  }

  private newLearner(dropout: number): Learner {
    const { sizes, weights } = this.built;
    const dimensions: Dimensions = { ...sizes, blocks: 1, attributes: 0, heads: 1, kinds: 0, gaps: 0, outputLength: 0 };
    const nobody = { offsets: new Int32Array(1), rows: new Int32Array(0) };
    const data = {
      training: { ...nobody, kinds: nobody.rows, values: new Float32Array(0), times: new Float64Array(0) },
      itemAttributes: { offsets: new Int32Array(sizes.items + 2), ids: new Int32Array(0) },
      vocabulary: Array.from({ length: sizes.items }, (_, item) => `item ${item}`),
      attributes: [],
    };
    return new Learner({ ...defaultHyperparameters, ...sizes, dropout }, dimensions, data, receivedWeights(weights));
  }
}

let steps: Steps | null = null;

function answer(question: Question): unknown {
  if (question.do === 'build') {
    steps = new Steps(question);
    return { library: deviceReport('auto') };
  }
  if (steps === null) throw new Error('`build` comes first');
  return question.do === 'check' ? steps.check() : steps.round();
}

for await (const line of createInterface(process.stdin)) {
  process.stdout.write(`${JSON.stringify(answer(JSON.parse(line) as Question))}\n`);
}
