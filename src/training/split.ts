/**
 * Leave-one-out: a user's last item is the test, the one before it the validation, the rest is for training. Users
 * with fewer than three interactions only train. An item without a training interaction is not in the vocabulary: it
 * becomes row 0 wherever it occurs, and as a target it is never hit.
 */
import { RecollectError } from '../errors.js';
import type { Beside } from './event-context.js';
import { Random } from './random.js';
import { sequenceOf, userCount, type ItemAttributes, type SequenceLog, type UserSequences } from './sequences.js';

/** Rank `target` among all items that are not in `history`. */
export interface Case {
  readonly history: Int32Array;
  /** kinds and times of the history's events, as long as it */
  readonly beside?: Beside;
  /** an item row; 0: an item that no model can know */
  readonly target: number;
}

export interface Split {
  readonly vocabulary: readonly string[];
  readonly attributes: readonly string[];
  readonly itemAttributes: ItemAttributes;
  readonly kinds: readonly string[];
  readonly training: UserSequences;
  readonly validation: readonly Case[];
  readonly test: readonly Case[];
}

const leastEvents = 3;
const leastItems = 2;

export function leaveOneOut(log: SequenceLog): Split {
  const { users } = log;
  const count = userCount(users);
  const trainingLength = (user: number) => {
    const { length } = sequenceOf(users, user);
    return length < leastEvents ? length : length - 2;
  };
  const offsets = new Int32Array(count + 1);
  // new rows in the order of training, so that what is held out moves nothing
  const newRows = new Int32Array(log.vocabulary.length + 1); //  by row of the log; 0: no training interaction
  const oldRows: number[] = []; //                              of new rows 1, 2, ...
  for (let user = 0; user < count; user++) {
    const training = sequenceOf(users, user).subarray(0, trainingLength(user));
    offsets[user + 1] = (offsets[user] ?? 0) + training.length;
    for (const row of training) {
      if (row > 0 && newRows[row] === 0) newRows[row] = oldRows.push(row);
    }
  }

  const rows = users.rows.map((row) => newRows[row] ?? 0);
  const length = offsets[count] ?? 0;
  const training = {
    offsets,
    rows: new Int32Array(length),
    kinds: new Int32Array(length),
    values: new Float32Array(length),
    times: new Float64Array(length),
  };
  const validation: Case[] = [];
  const test: Case[] = [];
  for (let user = 0; user < count; user++) {
    const begin = users.offsets[user] ?? 0;
    const sequence = rows.subarray(begin, users.offsets[user + 1]);
    const end = begin + trainingLength(user);
    const at = offsets[user] ?? 0;
    training.rows.set(rows.subarray(begin, end), at);
    training.kinds.set(users.kinds.subarray(begin, end), at);
    training.values.set(users.values.subarray(begin, end), at);
    training.times.set(users.times.subarray(begin, end), at);
    if (sequence.length < leastEvents) continue;
    const beside = { kinds: users.kinds.subarray(begin), times: users.times.subarray(begin) };
    validation.push(caseAt(sequence, beside, sequence.length - 2));
    test.push(caseAt(sequence, beside, sequence.length - 1));
  }
  const split = {
    vocabulary: oldRows.map((row) => log.vocabulary[row - 1] ?? ''),
    ...keptAttributes(log, oldRows),
    kinds: log.kinds,
    training,
    validation,
    test,
  };
  refuseTooLittle(log, split);
  return split;
}

/** At most `count` cases, drawn by the seed. */
export function sample(cases: readonly Case[], count: number, seed: number): readonly Case[] {
  if (cases.length <= count) return cases;
  const shuffled = [...cases];
  new Random(seed).shuffle(shuffled);
  return shuffled.slice(0, count);
}

function caseAt(sequence: Int32Array, { kinds, times }: Beside, target: number): Case {
  const beside = { kinds: kinds.subarray(0, target), times: times.subarray(0, target) };
  return { history: sequence.subarray(0, target), beside, target: sequence[target] ?? 0 };
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

function refuseTooLittle(log: SequenceLog, { vocabulary, training, validation }: Split): void {
  let targets = 0;
  for (let user = 0; user < userCount(training); user++) targets += Math.max(0, sequenceOf(training, user).length - 1);
  if (validation.length > 0 && vocabulary.length >= leastItems && targets > 0) return;
  throw new RecollectError(
    'TRAINING_DATA_INSUFFICIENT',
    `too little to train on: the log has ${log.users.rows.length} interactions of ${userCount(log.users)} users with ` +
      `${log.vocabulary.length} items. Users with at least ${leastEvents} interactions: ${validation.length} ` +
      `(needed: 1). Without the last two of each of them ${training.rows.length} interactions with ` +
      `${vocabulary.length} items remain (needed: ${leastItems} items), of which ${targets} follow another one ` +
      'of the same user (needed: 1).',
  );
}
