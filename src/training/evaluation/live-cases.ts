/**
 * What a stored model can be asked about out of the log as it is now, and what it was trained on, for the baselines.
 *
 * Nothing that the model learned from may be a target. It learned from what had arrived at its cut, without the last two
 * interactions of each user who had at least three, or where its run was split by time without what happened from an instant on.
 *
 *   leave-one-out   the last interaction of each user, where it arrived after the cut or had been held out
 *   time            what arrived after the cut and happened after everything that the model saw, of each user the first few; an
 *                   interaction that only arrived late is no target, since the model has seen what others did after it
 */
import type { Vocabulary } from '../../model/vocabulary.js';
import type { DataWindow } from '../../storage/model.entity.js';
import type { LogRow } from '../../storage/training-snapshot.store.js';
import { casesPerUser, trainingLength } from '../log/held-out.js';
import type { ItemSequences } from '../log/sequences.js';
import { caseAt, type Case, type SeenItems } from '../log/split.js';

export type LiveSplit = 'leave-one-out' | 'time';

export interface LiveCases {
  readonly cases: readonly Case[];
  /** what the model was trained on, by its rows */
  readonly training: ItemSequences;
  readonly interactions: number;
  /** interactions that arrived after the model's cut */
  readonly since: number;
  /** of these, those that happened before the cut's last one */
  readonly late: number;
}

/** Collects from the log's pages, which are in the order (user, occurred_at, arrival). */
export class LiveCaseCollector {
  private readonly cases: Case[] = [];
  private readonly training: number[] = [];
  private readonly offsets: number[] = [0];
  private user: LogRow[] = [];
  private users = 0;
  private interactions = 0;
  private since = 0;
  private late = 0;
  private readonly lastArrival: bigint;
  private readonly lastOccurredAt: number;
  private readonly trainedBefore: number | null;

  constructor(
    private readonly vocabulary: Vocabulary,
    private readonly kinds: readonly string[],
    window: Pick<DataWindow, 'lastArrival' | 'lastOccurredAt' | 'trainedBefore'>,
    private readonly split: LiveSplit,
    private readonly seen: SeenItems,
  ) {
    this.lastArrival = BigInt(window.lastArrival);
    // a model of an empty log has seen nothing
    this.lastOccurredAt = window.lastOccurredAt === '' ? -Infinity : Date.parse(window.lastOccurredAt);
    this.trainedBefore = window.trainedBefore === undefined ? null : Date.parse(window.trainedBefore);
  }

  add(page: readonly LogRow[]): void {
    for (const row of page) {
      if (row.user_id !== this.user[0]?.user_id) this.endUser();
      this.user.push(row);
    }
  }

  finish(): LiveCases {
    this.endUser();
    const { cases, interactions, since, late } = this;
    const training = { offsets: Int32Array.from(this.offsets), rows: Int32Array.from(this.training) };
    return { cases, training, interactions, since, late };
  }

  private endUser(): void {
    const events = this.user;
    this.user = [];
    if (events.length === 0) return;
    const rows = Int32Array.from(events, ({ item_id: itemId }) => this.vocabulary.rowOf(itemId));
    const kinds = Int32Array.from(events, ({ kind }) => this.kinds.indexOf(kind));
    const times = Float64Array.from(events, ({ occurred_at: at }) => at.getTime());
    const isNew = events.map(({ arrival }) => BigInt(arrival) > this.lastArrival);
    const isAfter = isNew.map((is, place) => is && (times[place] ?? 0) > this.lastOccurredAt);
    const known = [...rows.keys()].filter((place) => isNew[place] !== true);
    const trained =
      this.trainedBefore === null
        ? known.slice(0, trainingLength(known.length))
        : known.filter((place) => (times[place] ?? 0) < (this.trainedBefore ?? 0));
    for (const place of trained) this.training.push(rows[place] ?? 0);
    this.offsets.push(this.training.length);

    const last = events.length - 1;
    const isHeldOut = isNew[last] === true || trained.at(-1) !== known.at(-1);
    const places =
      this.split === 'time'
        ? [...rows.keys()].filter((place) => place > 0 && isAfter[place]).slice(0, casesPerUser)
        : last > 0 && isHeldOut
          ? [last]
          : [];
    for (const place of places) this.cases.push(caseAt({ rows, kinds, times }, place, this.users, this.seen));
    this.users++;
    this.interactions += events.length;
    this.since += events.length - known.length;
    this.late += events.length - known.length - isAfter.filter(Boolean).length;
  }
}
