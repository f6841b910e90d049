/**
 * A log in training, validation and test. Nothing that is held out shows in what is trained on: rows are given in the order of
 * training. An item without a training interaction is not in the vocabulary: it becomes row 0 wherever it occurs, and as a
 * target it is never hit.
 */
import { RecollectError } from '../../errors.js';
import { copyColumns, newColumns, type Columns } from './columns.js';
import type { Beside } from './event-context.js';
import { holdOut, leastEvents, type Place, type SplitChoice } from './held-out.js';
import { Random } from '../random.js';
import { sequenceOf, userCount, type ItemAttributes, type SequenceLog, type UserSequences } from './sequences.js';

/** Rank `target` among all items but those that are left out. */
export interface Case {
  /** oldest first; never empty */
  readonly history: Int32Array;
  /** the history where seen items are out of the ranking, which is where they are not repeated; else empty */
  readonly excluded: Int32Array;
  /** kinds and times of the history's events, as long as it */
  readonly beside?: Beside;
  /** an item row; 0: an item that no model can know */
  readonly target: number;
  /** whose it is: cases of one user are no independent observations */
  readonly user: number;
}

/** Whether items of the history can be answered again. */
export type SeenItems = 'removed' | 'kept';

export interface Split {
  readonly vocabulary: readonly string[];
  readonly attributes: readonly string[];
  readonly itemAttributes: ItemAttributes;
  readonly kinds: readonly string[];
  readonly training: UserSequences;
  readonly validation: readonly Case[];
  readonly test: readonly Case[];
}

const leastItems = 2;

export function leaveOneOut(log: SequenceLog, seen: SeenItems = 'removed'): Split {
  return splitLog(log, { kind: 'leave-one-out' }, seen);
}

export function splitLog(log: SequenceLog, choice: SplitChoice, seen: SeenItems): Split {
  const { users } = log;
  const { trainingLengths, ...heldOut } = holdOut(users, choice);
  const { newRows, oldRows } = trainedRows(log, trainingLengths);
  const rows = users.rows.map((row) => newRows[row] ?? 0);
  const kept = keptKinds(log, beginnings({ ...users, rows }, trainingLengths));
  const newKinds = log.kinds.map((name) => kept.kinds.indexOf(name)); // -1: a kind without a training interaction
  const kinds = users.kinds.map((kind) => newKinds[kind] ?? -1);
  const caseOf = ({ user, at }: Place): Case => {
    const begin = users.offsets[user] ?? 0;
    const own = { rows: rows.subarray(begin), kinds: kinds.subarray(begin), times: users.times.subarray(begin) };
    return caseAt(own, at, user, seen);
  };
  const split = {
    vocabulary: oldRows.map((row) => log.vocabulary[row - 1] ?? ''),
    ...keptAttributes(log, oldRows),
    ...kept,
    validation: heldOut.validation.map(caseOf),
    test: heldOut.test.map(caseOf),
  };
  refuseTooLittle(log, split, choice);
  return split;
}

/** The case of a user's interaction at a place, counted from 0: views of the user's events, the first event first. */
export function caseAt(
  { rows, kinds, times }: Pick<Columns, 'rows' | 'kinds' | 'times'>,
  at: number,
  user: number,
  seen: SeenItems,
): Case {
  const history = rows.subarray(0, at);
  const excluded = history.subarray(seen === 'removed' ? 0 : at);
  const beside = { kinds: kinds.subarray(0, at), times: times.subarray(0, at) };
  return { history, beside, excluded, target: rows[at] ?? 0, user };
}

/** At most `count` cases, drawn by the seed. */
export function sample(cases: readonly Case[], count: number, seed: number): readonly Case[] {
  if (cases.length <= count) return cases;
  const shuffled = [...cases];
  new Random(seed).shuffle(shuffled);
  return shuffled.slice(0, count);
}

/** New rows in the order of training, so that what is held out moves nothing. */
function trainedRows(
  { users, vocabulary }: SequenceLog,
  lengths: Int32Array,
): { readonly newRows: Int32Array; readonly oldRows: readonly number[] } {
  const newRows = new Int32Array(vocabulary.length + 1); //     by row of the log; 0: no training interaction
  const oldRows: number[] = []; //                              of new rows 1, 2, ...
  lengths.forEach((length, user) => {
    for (const row of sequenceOf(users, user).subarray(0, length)) {
      if (row > 0 && newRows[row] === 0) newRows[row] = oldRows.push(row);
    }
  });
  return { newRows, oldRows };
}

/** The first interactions of every user. */
function beginnings(users: UserSequences, lengths: Int32Array): UserSequences {
  const offsets = new Int32Array(lengths.length + 1);
  lengths.forEach((length, user) => {
    offsets[user + 1] = (offsets[user] ?? 0) + length;
  });
  const columns = newColumns(offsets[lengths.length] ?? 0);
  lengths.forEach((length, user) => {
    const begin = users.offsets[user] ?? 0;
    copyColumns(users, begin, begin + length, columns, offsets[user] ?? 0);
  });
  return { offsets, ...columns };
}

/** The attributes of the vocabulary's items; a name that none of them carries would never be trained. */
function keptAttributes(log: SequenceLog, oldRows: readonly number[]): Pick<Split, 'attributes' | 'itemAttributes'> {
  const { offsets, ids } = log.itemAttributes;
  const newIds = new Map<number, number>(); //                  in the order of first use
  const keptOffsets = [0, 0]; //                                row 0 has none
  const keptIds: number[] = [];
  for (const row of oldRows) {
    for (const id of ids.subarray(offsets[row], offsets[row + 1])) {
      let newId = newIds.get(id);
      if (newId === undefined) newIds.set(id, (newId = newIds.size));
      keptIds.push(newId);
    }
    keptOffsets.push(keptIds.length);
  }
  return {
    attributes: [...newIds.keys()].map((id) => log.attributes[id] ?? ''),
    itemAttributes: { offsets: Int32Array.from(keptOffsets), ids: Int32Array.from(keptIds) },
  };
}

/** The kinds of the training interactions, in the order of training. */
function keptKinds({ kinds }: SequenceLog, training: UserSequences): Pick<Split, 'kinds' | 'training'> {
  const newKinds = new Map<number, number>();
  for (const kind of training.kinds) if (!newKinds.has(kind)) newKinds.set(kind, newKinds.size);
  return {
    kinds: [...newKinds.keys()].map((kind) => kinds[kind] ?? ''),
    training: { ...training, kinds: training.kinds.map((kind) => newKinds.get(kind) ?? 0) },
  };
}

function refuseTooLittle(log: SequenceLog, split: Split, choice: SplitChoice): void {
  const { vocabulary, training, validation, test } = split;
  let targets = 0;
  for (let user = 0; user < userCount(training); user++) targets += Math.max(0, sequenceOf(training, user).length - 1);
  const isAsked = validation.length > 0 && test.length > 0;
  if (isAsked && vocabulary.length >= leastItems && targets > 0) return;
  const heldOut =
    choice.kind === 'leave-one-out'
      ? `Users with at least ${leastEvents} interactions: ${validation.length} (needed: 1). Without the last two of each of them`
      : `The split by ${choice.kind} asks for ${validation.length} interactions on validation and ${test.length} in the test ` +
        '(needed: 1 each, with an earlier one of the same user). Without what is held out';
  throw new RecollectError(
    'TRAINING_DATA_INSUFFICIENT',
    `too little to train on: the log has ${log.users.rows.length} interactions of ${userCount(log.users)} users with ` +
      `${log.vocabulary.length} items. ${heldOut} ${training.rows.length} interactions with ` +
      `${vocabulary.length} items remain (needed: ${leastItems} items), of which ${targets} follow another one ` +
      'of the same user (needed: 1).',
  );
}
