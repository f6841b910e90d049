import { describe, expect, it } from '@jest/globals';
import type { TrialResult } from '../../storage/study.entity.js';
import { members, nextTraining, rungsOf, winner, type Rung, type Standing } from './halving.js';

describe('the rungs', () => {
  it('of 27 trials at eta 3 are four, each with a third of the trials and three times the epochs', () => {
    expect(rungsOf(27, 3, 27)).toEqual([
      { trials: 27, epochs: 1 },
      { trials: 9, epochs: 3 },
      { trials: 3, epochs: 9 },
      { trials: 1, epochs: 27 },
    ]);
    expect(rungsOf(27, 3, 36).map(({ epochs }) => epochs)).toEqual([1, 4, 12, 36]); // 36 / 27 = 1.33
  });

  it('round the trials down where they can not be divided', () => {
    expect(rungsOf(10, 3, 12)).toEqual([
      { trials: 10, epochs: 1 },
      { trials: 3, epochs: 4 },
      { trials: 1, epochs: 12 },
    ]);
    expect(rungsOf(11, 2, 80).map(({ trials }) => trials)).toEqual([11, 5, 2, 1]);
    expect(rungsOf(2, 3, 12)).toEqual([{ trials: 2, epochs: 12 }]);
    expect(rungsOf(1, 3, 12)).toEqual([{ trials: 1, epochs: 12 }]);
  });

  it('leave out a rung that would train the same again', () => {
    // 12 / 27 and 12 / 9 are one epoch both: the nine would be trained again for nothing
    expect(rungsOf(27, 3, 12)).toEqual([
      { trials: 27, epochs: 1 },
      { trials: 3, epochs: 4 },
      { trials: 1, epochs: 12 },
    ]);
    expect(rungsOf(9, 3, 1)).toEqual([{ trials: 9, epochs: 1 }]);
  });
});

describe('a study', () => {
  const rungs = rungsOf(9, 3, 9); //                            9 x 1, 3 x 3, 1 x 9
  const scored = (rung: number, ndcgAt10: number): TrialResult => ({
    rung,
    epochs: rungs[rung]?.epochs ?? 0,
    seconds: 1,
    hrAt10: ndcgAt10 * 2,
    ndcgAt10,
  });
  const failed = (rung: number): TrialResult => ({
    rung,
    epochs: 1,
    seconds: 1,
    errorCode: 'TRAINING_FAILED',
    errorMessage: 'it diverged',
  });
  /** Trains to the end; `score` null: the training fails. Returns what was trained as rung:trial, and the trials. */
  const play = (ladder: readonly Rung[], score: (trial: number, rung: number) => number | null, count = 9) => {
    const trials = Array.from({ length: count }, (_, n): Standing & { results: TrialResult[] } => ({
      number: n + 1,
      results: [],
    }));
    const order: string[] = [];
    for (let next = nextTraining(ladder, trials); next !== null; next = nextTraining(ladder, trials)) {
      const value = score(next.trial.number, next.rung);
      next.trial.results.push(value === null ? failed(next.rung) : scored(next.rung, value));
      order.push(`${next.rung}:${next.trial.number}`);
    }
    return { order, trials };
  };
  const all = ['0:1', '0:2', '0:3', '0:4', '0:5', '0:6', '0:7', '0:8', '0:9'];

  it('trains all, then the best of each rung, and the recipe itself to the end', () => {
    const { order, trials } = play(rungs, (trial, rung) => (rung === 1 && trial === 7 ? 0.9 : trial / 10));
    expect(order).toEqual([...all, '1:7', '1:8', '1:9', '2:1', '2:7']);
    expect(winner(rungs, trials)?.number).toBe(7);
  });

  it('trains the recipe itself once where it is among the best', () => {
    const { order, trials } = play(rungs, (trial) => 1 / trial);
    expect(order).toEqual([...all, '1:1', '1:2', '1:3', '2:1']);
    expect(winner(rungs, trials)?.number).toBe(1);
  });

  it('gives a tie to the lower number', () => {
    const { order, trials } = play(rungs, () => 0.5);
    expect(order).toEqual([...all, '1:1', '1:2', '1:3', '2:1']);
    expect(winner(rungs, trials)?.number).toBe(1);
    const late = play(rungs, (trial) => (trial < 4 ? 0.1 : 0.5));
    expect(late.order.slice(9)).toEqual(['1:4', '1:5', '1:6', '2:1', '2:4']);
    expect(winner(rungs, late.trials)?.number).toBe(4);
  });

  it('is won by the recipe itself where nothing is better at full length', () => {
    const { trials } = play(rungs, (trial, rung) => (rung < 2 ? trial / 10 : trial === 1 ? 0.8 : 0.7));
    expect(winner(rungs, trials)?.number).toBe(1);
  });

  it('goes on without a trial that failed, and gives its place to the next best', () => {
    const first = play(rungs, (trial, rung) => (trial === 9 || (trial === 1 && rung === 0) ? null : trial / 10));
    expect(first.order).toEqual([...all, '1:6', '1:7', '1:8', '2:8']);
    const second = play(rungs, (trial, rung) => (rung === 1 && trial === 9 ? null : trial / 10));
    expect(second.order).toEqual([...all, '1:7', '1:8', '1:9', '1:6', '2:1', '2:8']);
    const last = play(rungs, (trial, rung) => (rung === 2 && trial === 9 ? null : trial / 10));
    expect(last.order).toEqual([...all, '1:7', '1:8', '1:9', '2:1', '2:9', '2:8']);
    expect(winner(rungs, last.trials)?.number).toBe(8);
  });

  it('has no winner where everything failed', () => {
    const { order, trials } = play(rungs, () => null);
    expect(order).toEqual(all);
    expect(winner(rungs, trials)).toBeNull();
    expect(members(rungs, trials, 1)).toEqual([]);
  });

  it('goes on where its rows end, whatever they are', () => {
    const score = (trial: number, rung: number): number => ((trial * 7 + rung * 3) % 11) / 11;
    const { order, trials } = play(rungs, score);
    for (let kept = 0; kept <= order.length; kept++) {
      const done = new Set(order.slice(0, kept));
      const before = trials.map(({ number, results }) => ({
        number,
        results: results.filter(({ rung }) => done.has(`${rung}:${number}`)),
      }));
      const next = nextTraining(rungs, before);
      expect(next === null ? undefined : `${next.rung}:${next.trial.number}`).toBe(order[kept]);
    }
  });

  it('of one rung trains every trial at full length', () => {
    const ladder = rungsOf(2, 3, 12);
    const { order, trials } = play(ladder, (trial) => trial, 2);
    expect(order).toEqual(['0:1', '0:2']);
    expect(winner(ladder, trials)?.number).toBe(2);
  });
});
