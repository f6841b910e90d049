/**
 * The network while it learns: its weights, one optimisation step, and its query vectors for evaluation.
 *
 * The one place that opens tidy scopes around the graph. After a step nothing stays on the native side but the
 * variables, the dropout's pool and the attribute bags.
 */
import type { Dimensions } from '../../model/dimensions.js';
import { tf, type Tensor } from '../backend.js';
import type { Batch } from '../log/batches.js';
import { Dropout, type DropoutState } from './dropout.js';
import type { Switches } from '../log/event-context.js';
import { encode, sequencesOf, type Sequences } from './graph.js';
import type { Hyperparameters } from '../hyperparameters.js';
import { attributeBags, itemTable, outputTable, type AttributeBags } from './item-table.js';
import { weight, type Weights } from './layers.js';
import { objectiveOf, type ObjectiveData, type ObjectiveOf } from '../loss/objective.js';
import { Optimizer, type OptimizerState } from '../optimizer/optimizer.js';
import { pairwiseLoss } from '../loss/pairwise.js';
import { initialParameters, type Parameters } from './parameters.js';
import { Random } from '../random.js';
import type { TouchedRows } from '../optimizer/row-adam.js';
import { SlotMeter, type SlotUse } from './slot-use.js';

export interface Step {
  /** before the step; one that is not finite changed nothing */
  readonly loss: number;
  /** of all gradients together, before the cut */
  readonly gradientNorm: number;
}

/** All that a learner holds beside what its constructor is given. */
export interface LearnerState {
  readonly optimizer: OptimizerState;
  readonly dropout: DropoutState | null;
  /** the stream that draws negatives */
  readonly negatives: number;
}

/** What a step trains, and on what. */
export interface Task {
  /** the parameters that move, by name */
  readonly trains: (name: string) => boolean;
  /** what the pairwise loss weighs beside the cross entropy */
  readonly pairWeight: number;
}

function wholeNetwork({ pairWeight }: Hyperparameters): Task {
  return { trains: () => true, pairWeight };
}

export class Learner {
  private meter: SlotMeter | null = null;
  private readonly optimizer: Optimizer;
  private readonly bags: AttributeBags | null;
  private readonly dropout: Dropout | null;
  private readonly negatives: Random;
  private readonly objective: ObjectiveOf;

  constructor(
    private readonly hyperparameters: Hyperparameters,
    readonly dimensions: Dimensions,
    data: ObjectiveData,
    initial: Parameters = initialParameters(dimensions, hyperparameters.seed),
  ) {
    const { dropout, batchPositions, width, seed, averageDecay } = hyperparameters;
    this.optimizer = new Optimizer(initial, averageDecay);
    this.bags = dimensions.attributes === 0 ? null : attributeBags(data.itemAttributes, dimensions.attributes);
    this.dropout = dropout === 0 ? null : new Dropout(dropout, batchPositions * 4 * width, new Random(seed + 1));
    this.negatives = new Random(seed + 2);
    this.objective = objectiveOf(hyperparameters, data, this.bags, this.negatives);
  }

  beginEpoch(): void {
    this.dropout?.refresh();
  }

  /** One step of the optimiser. */
  step(batch: Batch, learningRate: number, task: Task = wholeNetwork(this.hyperparameters)): Step {
    return tf.tidy(() => {
      const { loss, gradients, weights, touched } = this.gradients(batch, task);
      tf.dispose([...weights.values()]);
      const gradientNorm = this.optimizer.apply(gradients, learningRate, this.hyperparameters.clipNorm, touched);
      return { loss: Number.isFinite(gradientNorm) ? loss : Number.NaN, gradientNorm };
    });
  }

  /** The mean loss of a batch and its gradients, by parameter and touched row. The caller opens the tidy scope. */
  gradients(
    given: Batch,
    { trains, pairWeight }: Task = wholeNetwork(this.hyperparameters),
  ): {
    readonly loss: number;
    readonly gradients: Weights;
    readonly weights: Weights;
    readonly touched: TouchedRows;
  } {
    const { batch, touched, bags, loss } = this.objective(given);
    const sequences = sequencesOf(batch);
    const wanted = tf.tensor1d(batch.targets);
    const lossWeights = batch.weights === null ? null : tf.tensor1d(batch.weights);
    const pairwise = batch.pairs === null || pairWeight === 0 ? null : pairwiseLoss(batch.pairs);
    const weights = this.optimizer.read(touched);
    const names = [...weights.keys()].filter(trains);
    const { value, grads } = tf.valueAndGrads((...tensors) => {
      const named = new Map([...weights, ...names.map((name, index) => [name, tensors[index] as Tensor] as const)]);
      const table = itemTable(named, bags);
      const u = encode(named, table, sequences, this.sizes(), this.dropout);
      const bias = weight(named, 'output.bias');
      const output = outputTable(table, this.dimensions.outputLength);
      const entropy = loss(u, output, bias, wanted, lossWeights);
      return pairwise === null ? entropy : tf.add(entropy, tf.mul(pairwise(u, output, bias), pairWeight));
    })(names.map((name) => weight(weights, name)));
    const gradients = new Map(names.map((name, index) => [name, grads[index] as Tensor]));
    return { loss: value.dataSync()[0] ?? Number.NaN, gradients, weights, touched };
  }

  /** The network as it would be kept now, for evaluation: averaged weights, no dropout. `use` gets query vectors and the tables that score them. */
  evaluate<Result>(use: (evaluated: Evaluated) => Result): Result {
    const weights = this.optimizer.readKept();
    const { meter } = this;
    const onAttention = meter?.add.bind(meter) ?? null;
    const table = tf.tidy(() => itemTable(weights, this.bags).clone());
    const output = tf.tidy(() => outputTable(table, this.dimensions.outputLength).clone());
    const bias = tf.tidy(() => tf.concat([tf.scalar(-1e9).reshape([1]), weight(weights, 'output.bias')]));
    try {
      return use({
        vectors: (sequences) => encode(weights, table, sequences, this.sizes(), null, onAttention),
        table: output,
        bias,
        switches: this.dimensions,
      });
    } finally {
      tf.dispose([...weights.values(), table, output, bias]);
    }
  }

  /** How the slots were read by the query vectors that `evaluate` gave meanwhile; null where the network has none. */
  measureSlots<Result>(evaluate: () => Result): { readonly result: Result; readonly slots: SlotUse | null } {
    const meter = new SlotMeter();
    this.meter = meter;
    try {
      return { result: evaluate(), slots: meter.use() };
    } finally {
      this.meter = null;
    }
  }

  exportState(): LearnerState {
    return {
      optimizer: this.optimizer.exportState(),
      dropout: this.dropout?.state() ?? null,
      negatives: this.negatives.state,
    };
  }

  /** Refuses a state of another network before it changes anything. */
  restoreState({ optimizer, dropout, negatives }: LearnerState): void {
    this.optimizer.restoreState(optimizer);
    if (dropout !== null) this.dropout?.restore(dropout);
    this.negatives.state = negatives;
  }

  /** A copy of the weights that would be kept now. */
  snapshot(): Parameters {
    return this.optimizer.snapshot();
  }

  restore(parameters: Parameters): void {
    this.optimizer.restore(parameters);
  }

  private sizes() {
    const { blocks, heads } = this.dimensions;
    return { blocks, heads, chunk: this.hyperparameters.chunk };
  }
}

export interface Evaluated {
  /** query vectors [P d] at the wanted positions */
  readonly vectors: (sequences: Sequences) => Tensor;
  /** O [N d] */
  readonly table: Tensor;
  /** of each row [N]; the unknown item's keeps it out of every ranking */
  readonly bias: Tensor;
  /** whether kinds and gaps are to be given */
  readonly switches: Switches;
}
