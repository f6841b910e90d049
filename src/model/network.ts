/**
 * The network as it serves, the parts joined.
 *
 *   event    x = LN(E'[i]);  each block: h = GRU(z, h), z = residual(z, h);  write f, K, V      one step, whatever the history
 *   query    z from x of the last item and the stored h;  a, r = read(z, K, V);  u = residual(z, r)
 *   answer   score(j) = u . E'[j] + b[j] + w log(1 + c rules_t(j))
 *
 * A user's numbers are rounded to halves within the step: h before z is made of it, K and V after the write. So the step and a
 * later query see the same z, a stored memory is the memory, and replaying a log gives the same bits.
 * Plain arithmetic without clock, chance or environment. Departs from the training graph in that rounding alone.
 */
import { attribution } from './attribution.js';
import type { Checkpoint } from './checkpoint.js';
import type { Dimensions } from './dimensions.js';
import { embed } from './embedding.js';
import { stepGru } from './encoder.js';
import { largestHalf, roundToHalf } from './half.js';
import { zeros } from './matrix.js';
import type { Matrix } from './matrix.js';
import { scoreAll } from './rank.js';
import { attend, read } from './read.js';
import { residual } from './residual.js';
import { blendRules, rulesOf } from './rules.js';
import { invalidCheckpoint } from './safetensors.js';
import { slotsOf } from './slots.js';
import { emptyState, hiddenOf, remember } from './user-state.js';
import type { UserState } from './user-state.js';
import type { Vocabulary } from './vocabulary.js';
import { weightsOf } from './weights.js';
import type { Weights } from './weights.js';
import { largestMark, write } from './write.js';

export interface NetworkOptions {
  /** false keeps full precision between events: only for comparison with the reference, never for a memory that is stored */
  readonly round?: boolean;
}

/** What a user's memory answers. */
export interface Reading {
  /** a [S]: how much of the read comes from each slot */
  readonly attention: Float32Array;
  /** u [d]: what the items are scored with */
  readonly query: Float32Array;
}

/** Users of one pass: their intermediate numbers stay in the processor's cache. */
const usersAtOnce = 32;

export class Network {
  readonly dimensions: Dimensions;
  readonly vocabulary: Vocabulary;
  private readonly weights: Weights;
  private readonly round: boolean;

  constructor(
    readonly checkpoint: Checkpoint,
    { round = true }: NetworkOptions = {},
  ) {
    this.dimensions = checkpoint.dimensions;
    this.vocabulary = checkpoint.vocabulary;
    this.weights = weightsOf(checkpoint);
    this.round = round;
    const largest = largestMark(this.weights.write, this.weights.inputNorm);
    if (largest > largestHalf) {
      throw invalidCheckpoint(`memory.key or memory.value can write ${largest}, a memory holds ${largestHalf} at most`);
    }
  }

  /** One event for each of B different users, in place: rows[b] is the item of states[b]. */
  step(states: readonly UserState[], rows: Int32Array): void {
    if (states.length !== rows.length) throw new Error(`${states.length} users have ${rows.length} events`);
    if (new Set(states).size !== states.length)
      throw new Error('a step has one event a user, but a user stands in it twice');
    for (let from = 0; from < states.length; from += usersAtOnce) {
      this.advance(states.slice(from, from + usersAtOnce), rows.subarray(from, from + usersAtOnce));
    }
  }

  /** The same for one user; returns the write gates f [S], from which `attribution` tells what the slots hold. */
  stepTraced(state: UserState, row: number): Float32Array {
    return this.advance([state], Int32Array.of(row)).data;
  }

  /** Replays a list of items, oldest first, from the empty memory. */
  trace(rows: readonly number[]): { readonly state: UserState; readonly gates: Float32Array[] } {
    const state = emptyState(this.dimensions);
    return { state, gates: rows.map((row) => this.stepTraced(state, row)) };
  }

  /** The share of the read that came from each interaction of a trace [T], oldest first. */
  attribution(gates: readonly Float32Array[], attention: Float32Array): Float32Array {
    return attribution(gates, attention);
  }

  /** Attends over the user's slots as of the last event. */
  read(state: UserState): Reading {
    const z = this.encoded(state); //                                                     [1 d]
    const slots = slotsOf(state, this.dimensions);
    const attention = attend(this.weights.read, z, slots); //                             [S]
    const r = read(this.weights.read, attention, slots); //                               [1 d]
    return { attention, query: residual(this.weights.join, z, r).data };
  }

  /** u [d] */
  query(state: UserState): Float32Array {
    return this.read(state).query;
  }

  /** a [S] */
  attention(state: UserState): Float32Array {
    return this.read(state).attention;
  }

  /** The score of every item, the rules' part included; row j lies at j - 1. */
  scores(state: UserState, u: Float32Array = this.query(state)): Float32Array {
    const scores = scoreAll(this.weights.output, u);
    const { blend } = this.checkpoint;
    if (blend.weight > 0) blendRules(scores, rulesOf(this.weights.transitions, state.recent), blend);
    return scores;
  }

  /** E' of a row [d]: a view of the table. */
  itemVector(row: number): Float32Array {
    const { width, items } = this.dimensions;
    if (!(row >= 0 && row <= items)) throw new RangeError(`row ${row} is outside of the item table of ${items} items`);
    return this.weights.table.subarray(row * width, (row + 1) * width);
  }

  /** One event for each of a few users, in place; returns the write gates [B S]. */
  private advance(states: readonly UserState[], rows: Int32Array): Matrix {
    const x = embed(this.weights.table, rows, this.weights.inputNorm); //                 [B d]
    let z = x;
    this.weights.blocks.forEach((block, l) => {
      const h = stepGru(block, z, this.hidden(states, l)); //                             [B d]
      if (this.round) roundToHalf(h.data);
      states.forEach((state, user) => {
        hiddenOf(state, this.dimensions, l).set(h.data.subarray(user * h.width, (user + 1) * h.width));
      });
      z = residual(block.residual, z, h);
    });
    const slots = states.map((state) => slotsOf(state, this.dimensions));
    const keep = write(this.weights.write, z, x, slots); //                               [B S]
    states.forEach((state, user) => {
      if (this.round) roundToHalf(state.numbers);
      remember(state, rows[user] as number);
    });
    return keep;
  }

  /** z as the last event's step had it [1 d], from its item and the stored hidden states. */
  private encoded(state: UserState): Matrix {
    const x = embed(this.weights.table, state.recent.subarray(0, 1), this.weights.inputNorm);
    return this.weights.blocks.reduce((z, block, l) => residual(block.residual, z, this.hidden([state], l)), x);
  }

  /** The hidden states of a block, side by side [B d]. */
  private hidden(states: readonly UserState[], block: number): Matrix {
    const { width } = this.dimensions;
    const h = zeros(states.length, width);
    states.forEach((state, user) => {
      h.data.set(hiddenOf(state, this.dimensions, block), user * width);
    });
    return h;
  }
}
