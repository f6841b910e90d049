/**
 * The network as it serves, the parts joined.
 *
 *   event    x = LN(E'[i] + C[kind] + G[gap]);  each block: h = GRU(z, h), z = residual(z, h);  write f, K, V      one step, whatever the history
 *   query    z from x of the last event and the stored h;  a, r = read(z, K, V);  u = residual(z, r)
 *   answer   score(j) = u . E'[j] + b[j] + w log(1 + c rules_t(j))
 *
 * A user's numbers are rounded to halves within the step: h before z is made of it, K and V after the write. So the step and a
 * later query see the same z, a stored memory is the memory, and replaying a log gives the same bits.
 * Slots that are pinned for an event are left as they were, with gates of 1, see `pinned`.
 * C, G and the memory are there as the checkpoint's dimensions say; without slots r is zero.
 * Plain arithmetic without clock, chance or environment. Departs from the training graph in that rounding alone.
 */
import { attribution } from './attribution.js';
import type { Checkpoint } from './checkpoint.js';
import { recentItems, type Dimensions } from './dimensions.js';
import { embed, sumTerms, type Term } from './embedding.js';
import { stepGru } from './encoder.js';
import {
  eventsOf,
  eventsOfColumns,
  type Columns,
  type EventContext,
  type Events,
  type Occurrence,
  type Track,
} from './events.js';
import { largestHalf, roundToHalf } from './half.js';
import { hasKernels } from './kernels/module.js';
import { IdTable } from './id-table.js';
import { boundsOfAll, ItemRanking, roundingOfF32, type Ranking } from './item-ranking.js';
import { ScanKernel } from './kernels/scan-kernel.js';
import { StepKernel } from './kernels/step-kernel.js';
import { affine, zeros } from './matrix.js';
import type { Matrix } from './matrix.js';
import { holdPinned } from './pinned.js';
import { dotOf, lengthOf, scoreAll, scoreOf } from './rank.js';
import { attend, read } from './read.js';
import { residual, type Residual } from './residual.js';
import { addGains, gainOf, gainsOf, type Transitions } from './rules.js';
import { invalidCheckpoint } from './safetensors.js';
import { slotsOf, valueOf } from './slots.js';
import { contextOf, emptyState, hiddenOf, remember } from './user-state.js';
import type { UserState } from './user-state.js';
import { Vocabulary } from './vocabulary.js';
import { weightsOf } from './weights.js';
import type { Weights } from './weights.js';
import { largestMark, write } from './write.js';

export interface NetworkOptions {
  /** false keeps full precision between events: only for comparison with the reference, never for a memory that is stored */
  readonly round?: boolean;
  /** false steps by the plain twin of the kernels, which leaves the same bits: for tests, and where WebAssembly has no SIMD */
  readonly simd?: boolean;
}

/** What a user's memory answers. */
export interface Reading {
  /** a [H S]: how much of each head's read comes from each slot; `overHeads` gives the mean */
  readonly attention: Float32Array;
  /** u [d]: what the items are scored with */
  readonly query: Float32Array;
}

/** Users of one pass: their intermediate numbers stay in the processor's cache. */
export const usersAtOnce = 32;

export class Network {
  readonly dimensions: Dimensions;
  readonly vocabulary: Vocabulary;
  private readonly kinds: Vocabulary;
  private readonly weights: Weights;
  private readonly round: boolean;
  private readonly kernel: StepKernel | null;
  private scan: ScanKernel | null = null;

  constructor(
    readonly checkpoint: Checkpoint,
    { round = true, simd = hasKernels }: NetworkOptions = {},
  ) {
    this.dimensions = checkpoint.dimensions;
    this.vocabulary = checkpoint.vocabulary;
    this.kinds = new Vocabulary(checkpoint.kinds, new IdTable());
    this.weights = weightsOf(checkpoint);
    this.round = round;
    const { memory, inputNorm } = this.weights;
    const largest = memory === null ? 0 : largestMark(memory.write, inputNorm);
    if (largest > largestHalf) {
      throw invalidCheckpoint(`memory.key or memory.value can write ${largest}, a memory holds ${largestHalf} at most`);
    }
    this.kernel = simd ? new StepKernel(this.dimensions, this.weights, usersAtOnce) : null;
  }

  /** Interactions as this network takes them, the oldest first; `previous` is when the user's event before them occurred. */
  eventsOf(sequence: readonly Occurrence[], previous: number | null = null): Events {
    return eventsOf(sequence, previous, this.vocabulary, this.kinds, this.dimensions);
  }

  /** The same from columns. */
  eventsOfColumns(columns: Columns, previous: number | null): Events {
    return eventsOfColumns(columns, previous, this.vocabulary, this.kinds, this.dimensions);
  }

  /** One event for each of B different users, in place: rows[b] is the item of states[b], `context` its kind, its gap and what is pinned. */
  step(states: readonly UserState[], rows: Int32Array, { kinds, gaps, pinned }: EventContext = {}): void {
    if (states.length !== rows.length) throw new Error(`${states.length} users have ${rows.length} events`);
    if (new Set(states).size !== states.length)
      throw new Error('a step has one event a user, but a user stands in it twice');
    for (let from = 0; from < states.length; from += usersAtOnce) {
      const to = from + usersAtOnce;
      const context = {
        kinds: kinds?.subarray(from, to),
        gaps: gaps?.subarray(from, to),
        pinned: pinned?.slice(from, to),
      };
      this.advance(states.slice(from, to), rows.subarray(from, to), context);
    }
  }

  /**
   * The events `from` .. `to` - 1 of a few users, `usersAtOnce` at most, in place: what step after step leaves, bit for bit. Users with
   * the most events come first.
   */
  run(tracks: readonly Track[], from: number, to: number): void {
    const { kernel } = this;
    if (kernel !== null && tracks.every(({ events }) => events.pinned === undefined)) {
      this.runHeld(kernel, tracks, from, to);
      return;
    }
    for (let event = from; event < to; event++) {
      const some = tracks.slice(0, usersWith(tracks, event));
      if (some.length === 0) return;
      const at = (indices: (events: Events) => Int32Array): Int32Array =>
        Int32Array.from(some, ({ events }) => indices(events)[event] ?? 0);
      const context = { kinds: at(({ kinds }) => kinds), gaps: at(({ gaps }) => gaps) };
      const pinned = some.map(({ events }) => events.pinned?.[event] ?? []);
      this.step(
        some.map(({ state }) => state),
        at(({ rows }) => rows),
        { ...context, pinned },
      );
    }
  }

  /** The same for one user; returns the write gates f [H S], from which `attribution` tells what the slots hold. */
  stepTraced(state: UserState, row: number, kind?: number, gap?: number, pinned: readonly number[] = []): Float32Array {
    const one = (index?: number) => (index === undefined ? undefined : Int32Array.of(index));
    const context = { kinds: one(kind), gaps: one(gap), pinned: pinned.length > 0 ? [pinned] : undefined };
    return this.advance([state], Int32Array.of(row), context).data.slice();
  }

  /** Replays a list of events, oldest first, from the empty memory. */
  trace(
    rows: ArrayLike<number>,
    { kinds, gaps, pinned }: EventContext = {},
  ): { readonly state: UserState; readonly gates: Float32Array[] } {
    const state = emptyState(this.dimensions);
    const gates = Array.from(rows, (row, t) => this.stepTraced(state, row, kinds?.[t], gaps?.[t], pinned?.[t]));
    return { state, gates };
  }

  /** The share of the read that came from each interaction of a trace [T], oldest first. */
  attribution(gates: readonly Float32Array[], attention: Float32Array): Float32Array {
    return attribution(gates, attention, this.dimensions.heads);
  }

  /** Attends over the user's slots as of the last event. */
  read(state: UserState): Reading {
    const z = this.encoded(state); //                                                     [1 d]
    const { memory, join } = this.weights;
    const attention = this.attended(z, state); //                                         [H S]
    const slots = slotsOf(state, this.dimensions);
    const r = memory === null ? zeros(1, z.width) : read(memory.read, attention, slots); // [1 d]
    return { attention, query: this.joined('read', join, z, r).data };
  }

  /** u [d] */
  query(state: UserState): Float32Array {
    return this.read(state).query;
  }

  /** a [H S] */
  attention(state: UserState): Float32Array {
    return this.attended(this.encoded(state), state);
  }

  /** The score of every item, the blend's part included; row j lies at j - 1. */
  scores(state: UserState, u: Float32Array = this.query(state)): Float32Array {
    const scores = this.scoresWithoutRules(state, u);
    addGains(scores, gainsOf(this.transitions, state.recent, this.checkpoint.blend));
    return scores;
  }

  /** The same without the blend's part. */
  scoresWithoutRules(state: UserState, u: Float32Array = this.query(state)): Float32Array {
    return scoreAll(this.weights.output, u);
  }

  /** The best items by the same scores, without each of them being made; the first of a network takes a moment. */
  ranking(state: UserState, u: Float32Array = this.query(state)): Ranking {
    const { output } = this.weights;
    const gains = gainsOf(this.transitions, state.recent, this.checkpoint.blend);
    const bounds = this.scanKernel()?.scores(u) ?? boundsOfAll(() => scoreAll(output, u));
    return new ItemRanking(bounds, (row) => Math.fround(scoreOf(output, u, row) + (gains.get(row) ?? 0)), gains);
  }

  /**
   * For each direction [d], of as many as there are slots at most, the items whose vectors lie nearest to it, by cosine; a vector of
   * length 0 is near to nothing.
   */
  nearest<const D extends readonly Float32Array[]>(directions: D): { readonly [At in keyof D]: Ranking } {
    const { output } = this.weights;
    const cosinesOf = (direction: Float32Array) => {
      const length = Math.hypot(...direction) || 1;
      return (row: number): number => {
        const own = lengthOf(output, direction.length, row);
        return own === 0 ? 0 : dotOf(output, direction, row) / (own * length);
      };
    };
    const cosines = directions.map(cosinesOf);
    const bounds =
      this.scanKernel()?.cosines(directions) ??
      cosines.map((of) => boundsOfAll(() => output.bias.map((_, at) => of(at + 1) + roundingOfF32)));
    const rankings = bounds.map((read, at) => new ItemRanking(read, cosines[at] as (row: number) => number));
    return rankings as readonly Ranking[] as { readonly [At in keyof D]: Ranking };
  }

  /** The score of one row, the blend's part included: the number that `scores` has for it. */
  scoreOf(state: UserState, u: Float32Array, row: number): number {
    const gain = gainOf(this.transitions, state.recent, this.checkpoint.blend, row);
    return Math.fround(scoreOf(this.weights.output, u, row) + gain);
  }

  /** W_o V[s] of each slot [S d]: what it adds to the read of a query that looks at nothing else. */
  directions(state: UserState): readonly Float32Array[] {
    const { memory } = this.weights;
    if (memory === null) return [];
    const { slots, width } = this.dimensions;
    const own = slotsOf(state, this.dimensions);
    return Array.from({ length: slots }, (_, slot) => {
      const value = { rows: 1, width, data: valueOf(own, this.dimensions, slot) };
      return affine(value, memory.read.output).data;
    });
  }

  /** null: bounds are made without */
  private scanKernel(): ScanKernel | null {
    if (this.kernel === null) return null;
    const { slots, width } = this.dimensions;
    return (this.scan ??= new ScanKernel(this.weights.output, width, Math.max(1, slots)));
  }

  /** The rules of the blend: the strongest transitions of each row. */
  get transitions(): Transitions {
    return this.weights.transitions;
  }

  /** E' of a row [d]: a view of the table. */
  itemVector(row: number): Float32Array {
    const { width, items } = this.dimensions;
    if (!(row >= 0 && row <= items)) throw new RangeError(`row ${row} is outside of the item table of ${items} items`);
    return this.weights.table.subarray(row * width, (row + 1) * width);
  }

  /** One event for each of a few users, in place; returns the write gates [B H*S], which hold until the next step. */
  private advance(states: readonly UserState[], rows: Int32Array, context: EventContext): Matrix {
    const terms = this.terms(context, rows.length);
    const { pinned } = context;
    const putBack = pinned === undefined ? null : holdPinned(states, pinned, this.dimensions);
    const keep =
      this.kernel === null
        ? this.stepPlainly(states, embed(this.weights.table, rows, this.weights.inputNorm, terms))
        : this.stepByKernel(this.kernel, states, rows, terms);
    putBack?.(keep);
    states.forEach((state, user) => {
      remember(state, rows[user] as number, indicesAt(terms, user));
    });
    return keep;
  }

  /** The states stay in the kernel from the first to the last of the events. */
  private runHeld(kernel: StepKernel, tracks: readonly Track[], from: number, to: number): void {
    const states = tracks.map(({ state }) => state);
    kernel.hold(states);
    const [rows, kinds, gaps] = [0, 1, 2].map(() => new Int32Array(tracks.length)) as [
      Int32Array,
      Int32Array,
      Int32Array,
    ];
    for (let event = from; event < to; event++) {
      const users = usersWith(tracks, event);
      if (users === 0) break;
      for (let user = 0; user < users; user++) {
        const { events } = tracks[user] as Track;
        rows[user] = events.rows[event] as number;
        kinds[user] = events.kinds[event] as number;
        gaps[user] = events.gaps[event] as number;
      }
      this.input(
        kernel,
        rows.subarray(0, users),
        this.terms({ kinds: kinds.subarray(0, users), gaps: gaps.subarray(0, users) }, users),
      );
      kernel.step(users, this.round);
    }
    kernel.release(states);
    for (const { state, events } of tracks) {
      const end = Math.min(to, events.rows.length);
      const terms = this.terms(events, events.rows.length);
      for (let event = Math.max(from, end - recentItems); event < end; event++) {
        remember(state, events.rows[event] as number, indicesAt(terms, event));
      }
    }
  }

  private stepByKernel(kernel: StepKernel, states: readonly UserState[], rows: Int32Array, terms: readonly Term[]) {
    kernel.hold(states);
    this.input(kernel, rows, terms);
    const gates = kernel.step(rows.length, this.round);
    kernel.release(states);
    return gates;
  }

  /** E' + C + G of each user [B d] */
  private input(kernel: StepKernel, rows: Int32Array, terms: readonly Term[]): void {
    const x = { rows: rows.length, width: this.dimensions.width, data: kernel.input(rows.length) };
    sumTerms(this.weights.table, rows, terms, x);
  }

  /** The plain twin of the kernel: the same equations, the same bits. */
  private stepPlainly(states: readonly UserState[], x: Matrix): Matrix {
    let z = x;
    this.weights.blocks.forEach((block, l) => {
      const h = stepGru(block, z, this.hidden(states, l)); //                             [B d]
      if (this.round) roundToHalf(h.data);
      states.forEach((state, user) => {
        hiddenOf(state, this.dimensions, l).set(h.data.subarray(user * h.width, (user + 1) * h.width));
      });
      z = residual(block.residual, z, h);
    });
    const { memory } = this.weights;
    const slots = states.map((state) => slotsOf(state, this.dimensions));
    const keep = memory === null ? zeros(states.length, 0) : write(memory.write, z, x, slots); // [B H*S]
    if (this.round) for (const { numbers } of states) roundToHalf(numbers);
    return keep;
  }

  /** z as the last event's step had it [1 d], from its item and the stored hidden states. */
  private encoded(state: UserState): Matrix {
    const { table, inputNorm } = this.weights;
    const terms = this.terms(contextOf(state, this.dimensions), 1);
    const x = embed(table, state.recent.subarray(0, 1), inputNorm, terms);
    return this.weights.blocks.reduce((z, block, l) => this.joined(l, block.residual, z, this.hidden([state], l)), x);
  }

  /** a [H S] of a state that is encoded as z; empty without slots */
  private attended(z: Matrix, state: UserState): Float32Array {
    const { memory } = this.weights;
    return memory === null ? new Float32Array(0) : attend(memory.read, z, slotsOf(state, this.dimensions));
  }

  /** `residual` of one user, by the kernel where there is one. */
  private joined(after: number | 'read', weights: Residual, z: Matrix, y: Matrix): Matrix {
    return this.kernel === null ? residual(weights, z, y) : this.kernel.join(after, z, y);
  }

  /** C and G with what they are asked for, kinds first. Left out where they are needed they would change a memory unseen. */
  private terms({ kinds, gaps }: EventContext, users: number): readonly Term[] {
    const term = (vectors: Float32Array | null, indices: Int32Array | undefined): readonly Term[] => {
      if (vectors === null) return [];
      if (indices?.length !== users) throw new Error('this network needs the kind and the time gap of every event');
      return [{ vectors, indices }];
    };
    return [...term(this.weights.kinds, kinds), ...term(this.weights.gaps, gaps)];
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

/** What a state keeps of the context of an event: what each term is asked for. */
function indicesAt(terms: readonly Term[], place: number): readonly number[] {
  return terms.map(({ indices }) => indices[place] as number);
}

/** How many have an event at this place of their sequence; those with the most come first. */
function usersWith(tracks: readonly Track[], event: number): number {
  let users = tracks.length;
  while (users > 0 && (tracks[users - 1] as Track).events.rows.length <= event) users--;
  return users;
}
