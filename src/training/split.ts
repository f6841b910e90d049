/**
 * Leave-one-out: a user's last item is the test, the one before it the validation, the rest is for training. Users with fewer than
 * three interactions only train. An item without a training interaction is not in the vocabulary: it becomes row 0 wherever it
 * occurs, and as a target it is never hit.
 */
import { RecollectError } from '../errors.js';
import { sequenceOf, userCount, type ItemAttributes, type SequenceLog, type UserSequences } from './sequences.js';

/** Rank `target` among all items that are not in `history`. */
export interface Case {
  readonly history: Int32Array;
  /** an item row; 0: an item that no model can know */
  readonly target: number;
}

export interface Split {
  readonly vocabulary: readonly string[];
  readonly attributes: readonly string[];
  readonly itemAttributes: ItemAttributes;
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
  const occurs = new Uint8Array(log.vocabulary.length + 1);
  const offsets = new Int32Array(count + 1);
  for (let user = 0; user < count; user++) {
    const length = trainingLength(user);
    offsets[user + 1] = (offsets[user] ?? 0) + length;
    for (const row of sequenceOf(users, user).subarray(0, length)) occurs[row] = 1;
  }
  occurs[0] = 0;
  const rowOf = new Int32Array(occurs.length); //               old row -> new row, 0 for an item without training interaction
  let items = 0;
  occurs.forEach((seen, row) => {
    if (seen) rowOf[row] = ++items;
  });

  const rows = users.rows.map((row) => rowOf[row] ?? 0);
  const training = new Int32Array(offsets[count] ?? 0);
  const validation: Case[] = [];
  const test: Case[] = [];
  for (let user = 0; user < count; user++) {
    const sequence = sequenceOf({ offsets: users.offsets, rows }, user);
    training.set(sequence.subarray(0, trainingLength(user)), offsets[user] ?? 0);
    if (sequence.length < leastEvents) continue;
    validation.push(caseAt(sequence, sequence.length - 2));
    test.push(caseAt(sequence, sequence.length - 1));
  }
  const split = {
    vocabulary: log.vocabulary.filter((_, index) => occurs[index + 1] === 1),
    ...keptAttributes(log, rowOf, items),
    training: { offsets, rows: training },
    validation,
    test,
  };
  refuseTooLittle(log, split);
  return split;
}

function caseAt(sequence: Int32Array, target: number): Case {
  return { history: sequence.subarray(0, target), target: sequence[target] ?? 0 };
}

/** The attributes of the vocabulary's items; a name that none of them carries would never be trained. */
function keptAttributes(log: SequenceLog, rowOf: Int32Array, items: number): Pick<Split, 'attributes' | 'itemAttributes'> {
  const { offsets, ids } = log.itemAttributes;
  const indexOf = new Map<number, number>(); //                 old index -> new index, in the order of first use
  const keptOffsets = new Int32Array(items + 2);
  const keptIds: number[] = [];
  rowOf.forEach((row, old) => {
    if (row === 0) return; //                                   new rows ascend with old ones
    for (const id of ids.subarray(offsets[old], offsets[old + 1])) {
      if (!indexOf.has(id)) indexOf.set(id, indexOf.size);
      keptIds.push(indexOf.get(id) ?? 0);
    }
    keptOffsets[row + 1] = keptIds.length;
  });
  return {
    attributes: [...indexOf.keys()].map((id) => log.attributes[id] ?? ''),
    itemAttributes: { offsets: keptOffsets, ids: Int32Array.from(keptIds) },
  };
}

function refuseTooLittle(log: SequenceLog, { vocabulary, training, validation }: Split): void {
  const targets = training.offsets.reduce((sum, offset, user) => sum + Math.max(0, (training.offsets[user + 1] ?? offset + 1) - offset - 1), 0);
  if (validation.length > 0 && vocabulary.length >= leastItems && targets > 0) return;
  throw new RecollectError(
    'TRAINING_DATA_INSUFFICIENT',
    `too little to train on: ${log.users.rows.length} interactions of ${userCount(log.users)} users with ${log.vocabulary.length} items. ` +
      `Users with at least ${leastEvents} interactions: ${validation.length}, needed 1. Without the last two interactions of each of them ` +
      `${training.rows.length} interactions with ${vocabulary.length} items stay for training, needed ${leastItems} items; ` +
      `${targets} of them follow another one of the same user, needed 1.`,
  );
}
