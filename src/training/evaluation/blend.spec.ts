import { describe, expect, it } from '@jest/globals';
import { chooseBlend, judgeBlend } from './blend.js';
import { Random } from '../random.js';
import type { Scoring } from './scoring.js';
import type { Case } from '../log/split.js';
import { countTransitions } from './transitions.js';

const items = 60;
/** After item n comes n + 1. */
const chain = Int32Array.from({ length: 20 * items }, (_, at) => (at % items) + 1);
const table = countTransitions({ offsets: Int32Array.of(0, chain.length), rows: chain }, items, {
  gap: 1,
  limit: 200,
});

function scoringOf(score: (history: Int32Array, row: number) => number): Scoring {
  return (histories, visit) => {
    histories.forEach((history, index) => {
      visit(
        index,
        Float32Array.from({ length: items + 1 }, (_, row) => score(history, row)),
      );
    });
  };
}

const cases: Case[] = Array.from({ length: 40 }, (_, n) => {
  const history = Int32Array.of(n + 1);
  return { history, excluded: history, target: n + 2, user: n };
});
const noise = new Random(4);
const guesses = Array.from({ length: items + 1 }, () => noise.next());
const knowsNothing = scoringOf((_, row) => guesses[row] ?? 0);
const knowsAll = scoringOf((history, row) => (row === (history[0] ?? 0) + 1 ? 1 : 0));

describe('chooseBlend', () => {
  it('adds the rules where they help', () => {
    const { blend, model, modelWithoutBlend } = chooseBlend(knowsNothing, table, 1, cases);
    expect(blend.weight).toBeGreaterThan(0);
    expect(model.hrAt10).toBe(1);
    expect(modelWithoutBlend.hrAt10).toBeLessThan(0.5);
  });

  it('switches the rules off where the network needs no help', () => {
    expect(chooseBlend(knowsAll, table, 1, cases)).toEqual({
      blend: { weight: 0, scale: 1, placePower: 1, repeat: 0 },
      model: { hrAt10: 1, ndcgAt10: 1 },
      modelWithoutBlend: { hrAt10: 1, ndcgAt10: 1 },
    });
  });

  it('takes the pair whose ranking by the blended scores is the best', () => {
    const mixed = cases.map(({ target, ...rest }, n) => ({
      ...rest,
      target: n % 3 === 0 ? (target * 7) % items : target,
    }));
    const { blend, model, modelWithoutBlend } = chooseBlend(knowsNothing, table, 1, mixed);
    const judged = judgeBlend(knowsNothing, table, blend, mixed);
    expect(judged.model.quality()).toEqual(model);
    expect(judged.modelWithoutBlend.quality()).toEqual(modelWithoutBlend);
    for (const weight of [0, 0.2, 0.4, 0.6, 0.8, 1.1, 1.6, 2.2, 3, 4]) {
      for (const scale of [1, 3, 8, 20]) {
        const other = judgeBlend(
          knowsNothing,
          table,
          { weight, scale, placePower: 1, repeat: 0 },
          mixed,
        ).model.quality();
        expect(model.ndcgAt10).toBeGreaterThanOrEqual(other.ndcgAt10);
      }
    }
  });

  it('adds repeats where people come back, and only where seen items are answered', () => {
    const back = cases.map(({ user }) => {
      const history = Int32Array.of(user + 1, 50, 51);
      return { user, history, target: user % 4 === 0 ? 52 : user + 1, excluded: history.subarray(3) };
    });
    const { blend, model, modelWithoutBlend } = chooseBlend(knowsNothing, table, 1, back);
    expect(blend.repeat).toBeGreaterThan(0);
    expect(model.ndcgAt10).toBeGreaterThan(modelWithoutBlend.ndcgAt10);
    expect(judgeBlend(knowsNothing, table, blend, back).model.quality()).toEqual(model);
    for (const repeat of [0, 1, 2, 4, 6, 8, 11, 15]) {
      const other = judgeBlend(knowsNothing, table, { ...blend, repeat }, back).model.quality();
      expect(model.ndcgAt10).toBeGreaterThanOrEqual(other.ndcgAt10);
    }
    const without = back.map((one) => ({ ...one, excluded: one.history }));
    expect(chooseBlend(knowsNothing, table, 1, without).blend.repeat).toBe(0);
  });

  it('never finds a target that the model does not know', () => {
    const unknown = cases.map((one) => ({ ...one, target: 0 }));
    expect(chooseBlend(knowsNothing, table, 1, unknown)).toEqual({
      blend: { weight: 0, scale: 1, placePower: 1, repeat: 0 },
      model: { hrAt10: 0, ndcgAt10: 0 },
      modelWithoutBlend: { hrAt10: 0, ndcgAt10: 0 },
    });
  });
});
