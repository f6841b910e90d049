/**
 * What of a log is held out. Every split trains on the beginning of each sequence and asks for single interactions behind it,
 * each after everything that came before it.
 *
 *   leave-one-out   a user's last interaction is the test, the one before it the validation; users with fewer than three only train
 *   time            what happened at or after an instant is the test, a stretch before it the validation, for all users at once;
 *                   of each user the first few interactions of either part are asked for, so that nobody outweighs the others
 *   sessions        the last sequences are the test, every 50th of the others the validation: whole sessions, every prefix of which
 *                   is asked for its next item. The validation is spread out so that training has nearly all of the newest sessions
 */
import { RecollectError } from '../../errors.js';
import { sequenceOf, userCount, type UserSequences } from './sequences.js';

export type SplitChoice =
  | { readonly kind: 'leave-one-out' }
  | {
      readonly kind: 'time';
      /** milliseconds since 1970; training is what happened before `validationFrom` */
      readonly validationFrom: number;
      readonly testFrom: number;
      /** most interactions that a user is asked for in each part */
      readonly casesPerUser: number;
    }
  | {
      readonly kind: 'sessions';
      readonly testSequences: number;
      /** items of the shortest prefix that is asked for its next one; 1 where nothing else is said */
      readonly firstPrefix?: number;
    };

/** The interaction at a place, counted from 0, of a user's sequence. */
export interface Place {
  readonly user: number;
  readonly at: number;
}

export interface HeldOut {
  /** by user: how many interactions, from the oldest on, are for training */
  readonly trainingLengths: Int32Array;
  readonly validation: readonly Place[];
  readonly test: readonly Place[];
}

/** A user with fewer interactions only trains in leave-one-out. */
export const leastEvents = 3;
/** Of the sessions that are not the test one in so many is asked on validation. */
const validationEvery = 50;
/** Shares of a log's interactions, by time, before the validation and before the test. */
const timeShares = { validation: 0.9, test: 0.95 };
/** Most interactions that a user is asked for in the split by time. */
export const casesPerUser = 10;

/** How many of a user's interactions leave-one-out trains on. */
export function trainingLength(length: number): number {
  return length < leastEvents ? length : length - 2;
}

/** How a run splits its log. */
export function splitOf(kind: 'leave-one-out' | 'time', users: UserSequences): SplitChoice {
  return kind === 'time' ? newestInTime(users) : { kind };
}

/** The newest 5 % of a log's interactions as the test, the 5 % before them as the validation. */
export function newestInTime({ times }: Pick<UserSequences, 'times'>): Extract<SplitChoice, { kind: 'time' }> {
  const sorted = times.slice().sort();
  const [validationFrom, testFrom] = [timeShares.validation, timeShares.test].map(
    (share) => sorted[Math.floor(share * sorted.length)] ?? 0,
  ) as [number, number];
  if (validationFrom < testFrom) return { kind: 'time', validationFrom, testFrom, casesPerUser };
  throw new RecollectError(
    'TRAINING_DATA_INSUFFICIENT',
    `the newest tenth of the log's ${times.length} interactions happened at one instant, so that time cannot split it into ` +
      'validation and test; set RECOLLECT_TRAIN_SPLIT=leave-one-out, or wait for more interactions',
  );
}

export function holdOut(users: UserSequences, choice: SplitChoice): HeldOut {
  switch (choice.kind) {
    case 'leave-one-out':
      return lastTwo(users);
    case 'time':
      return since(users, choice);
    case 'sessions':
      return lastSequences(users, choice);
  }
}

function lastTwo(users: UserSequences): HeldOut {
  const lengths = lengthsOf(users);
  const tested = [...lengths.keys()].filter((user) => (lengths[user] ?? 0) >= leastEvents);
  const before = (end: number): Place[] => tested.map((user) => ({ user, at: (lengths[user] ?? 0) - end }));
  return {
    trainingLengths: lengths.map(trainingLength),
    validation: before(2),
    test: before(1),
  };
}

function since(users: UserSequences, choice: Extract<SplitChoice, { kind: 'time' }>): HeldOut {
  const { validationFrom, testFrom, casesPerUser } = choice;
  if (!(validationFrom < testFrom)) {
    throw new RecollectError('BAD_INPUT', `validation from ${validationFrom} is not before the test from ${testFrom}`);
  }
  if (users.times.length > 0 && users.times.every((time) => time === 0)) {
    throw new RecollectError('BAD_INPUT', 'the log has no times to split by; use leave-one-out or sessions');
  }
  const trainingLengths = new Int32Array(userCount(users));
  const validation: Place[] = [];
  const test: Place[] = [];
  for (let user = 0; user < userCount(users); user++) {
    const times = users.times.subarray(users.offsets[user], users.offsets[user + 1]);
    const begin = countBefore(times, validationFrom);
    const middle = countBefore(times, testFrom);
    trainingLengths[user] = begin;
    validation.push(...places(user, begin, Math.min(middle, begin + casesPerUser)));
    test.push(...places(user, middle, Math.min(times.length, middle + casesPerUser)));
  }
  return { trainingLengths, validation, test };
}

function lastSequences(users: UserSequences, choice: Extract<SplitChoice, { kind: 'sessions' }>): HeldOut {
  const { testSequences, firstPrefix = 1 } = choice;
  if (!(testSequences >= 1 && firstPrefix >= 1)) {
    throw new RecollectError('BAD_INPUT', `a split by sessions needs at least 1 test session and a prefix of 1 item`);
  }
  const lengths = lengthsOf(users);
  const testBegin = Math.max(0, lengths.length - testSequences);
  const isTest = (user: number): boolean => user >= testBegin;
  const isValidation = (user: number): boolean => !isTest(user) && (testBegin - 1 - user) % validationEvery === 0;
  const prefixes = (isAsked: (user: number) => boolean): Place[] =>
    [...lengths].flatMap((length, user) => (isAsked(user) ? places(user, firstPrefix, length) : []));
  return {
    trainingLengths: lengths.map((length, user) => (isTest(user) || isValidation(user) ? 0 : length)),
    validation: prefixes(isValidation),
    test: prefixes(isTest),
  };
}

/** Places begin .. end - 1 that have something before them. */
function places(user: number, begin: number, end: number): Place[] {
  const first = Math.max(1, begin);
  return Array.from({ length: Math.max(0, end - first) }, (_, index) => ({ user, at: first + index }));
}

/** How many of the rising times lie before an instant. */
function countBefore(times: Float64Array, instant: number): number {
  const at = times.findIndex((time) => time >= instant);
  return at < 0 ? times.length : at;
}

function lengthsOf(users: UserSequences): Int32Array {
  return Int32Array.from({ length: userCount(users) }, (_, user) => sequenceOf(users, user).length);
}
