import { describe, expect, it } from '@jest/globals';
import { Network } from '../../model/network.js';
import { randomCheckpoint } from '../../../test/random-checkpoint.js';
import { contextOf } from './event-context.js';
import { SequenceCollector, userCount } from './sequences.js';
import { leaveOneOut } from './split.js';

const minute = 60_000;
const beside = {
  kinds: Int32Array.of(0, 2, 1, 0),
  times: Float64Array.of(0, 30_000, 30_000 + 5 * minute, 30_000 + 400 * 24 * 60 * minute),
};

describe('the context of events', () => {
  it('has the kinds counted from 1 and the buckets of the gaps, the first event in its own', () => {
    const { kinds, gaps } = contextOf(beside, 0, 4, { kinds: 3, gaps: 4 }); // edges: a minute, 12 hours, a year
    expect([...kinds]).toEqual([1, 3, 2, 1]);
    expect([...gaps]).toEqual([0, 1, 2, 4]);
  });

  it('knows the gap to the event before a part that begins in the middle', () => {
    expect([...contextOf(beside, 2, 4, { kinds: 0, gaps: 4 }).gaps]).toEqual([2, 4]);
  });

  it('is empty where it is switched off, and asked for where it is not', () => {
    expect(contextOf(undefined, 0, 4, { kinds: 0, gaps: 0 })).toEqual({
      kinds: new Int32Array(),
      gaps: new Int32Array(),
    });
    expect(() => contextOf(undefined, 0, 4, { kinds: 1, gaps: 0 })).toThrow(/kinds and times/);
  });

  it('is, for training and for the histories of validation and test, what serving sees of the same interactions', () => {
    const names = ['view', 'cart', 'buy'];
    const users = Array.from({ length: 5 }, (_, user) =>
      Array.from({ length: 6 }, (__, n) => ({
        itemId: `item ${(user + n) % 4}`,
        kind: names[(user * n) % 3] ?? '',
        occurredAt: 1e12 + 20_000 * 7 ** n * (user + 1),
      })),
    );
    const collector = new SequenceCollector();
    for (const user of users) {
      for (const { itemId, ...rest } of user) collector.add(itemId, rest);
      collector.endUser();
    }
    const split = leaveOneOut(collector.finish(() => []));
    const checkpoint = randomCheckpoint(split.vocabulary, { kinds: split.kinds, gaps: 6 });
    const network = new Network(checkpoint);
    expect(userCount(split.training)).toBe(5);
    users.forEach((user, index) => {
      const served = network.eventsOf(user);
      const [begin = 0, end = 0] = split.training.offsets.subarray(index, index + 2);
      const own = {
        kinds: split.training.kinds.subarray(begin, end),
        times: split.training.times.subarray(begin, end),
      };
      expect([...contextOf(own, 0, 4, network.dimensions).kinds]).toEqual([...served.kinds.subarray(0, 4)]);
      expect([...contextOf(own, 0, 4, network.dimensions).gaps]).toEqual([...served.gaps.subarray(0, 4)]);
      for (const one of [split.validation[index], split.test[index]]) {
        const length = one?.history.length ?? 0;
        const { kinds, gaps } = contextOf(one?.beside, 2, length, network.dimensions);
        expect([...kinds]).toEqual([...served.kinds.subarray(2, length)]);
        expect([...gaps]).toEqual([...served.gaps.subarray(2, length)]);
      }
    });
  });
});
