import { describe, expect, it } from '@jest/globals';
import { blended, chooseBlend } from './blend.js';
import { quality } from './metrics.js';
import { Random } from './random.js';
import { ranksOf, type Scoring } from './scoring.js';
import type { Case } from './split.js';
import { countTransitions } from './transitions.js';

const items = 60;
/** After item n comes n + 1. */
const chain = Int32Array.from({ length: 20 * items }, (_, at) => (at % items) + 1);
const table = countTransitions({ offsets: Int32Array.of(0, chain.length), rows: chain }, items, 1, 200);

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

const cases: Case[] = Array.from({ length: 40 }, (_, n) => ({ history: Int32Array.of(n + 1), target: n + 2 }));
const noise = new Random(4);
const guesses = Array.from({ length: items + 1 }, () => noise.next());
const knowsNothing = scoringOf((_, row) => guesses[row] ?? 0);
const knowsAll = scoringOf((history, row) => (row === (history[0] ?? 0) + 1 ? 1 : 0));

describe('chooseBlend', () => {
  it('adds the rules where they help', () => {
    const blend = chooseBlend(knowsNothing, table, cases);
    expect(blend.weight).toBeGreaterThan(0);
    expect(quality(ranksOf(blended(knowsNothing, table, blend), cases)).hrAt10).toBe(1);
    expect(quality(ranksOf(knowsNothing, cases)).hrAt10).toBeLessThan(0.5);
  });

  it('switches the rules off where the network needs no help', () => {
    expect(chooseBlend(knowsAll, table, cases)).toEqual({ weight: 0, scale: 1 });
    expect(blended(knowsAll, table, { weight: 0, scale: 1 })).toBe(knowsAll);
  });

  it('takes the pair whose ranking by the blended scores is the best', () => {
    const mixed: Case[] = cases.map(({ history, target }, n) => ({
      history,
      target: n % 3 === 0 ? (target * 7) % items : target,
    }));
    const ndcg = (weight: number, scale: number) =>
      quality(ranksOf(blended(knowsNothing, table, { weight, scale }), mixed)).ndcgAt10;
    const chosen = chooseBlend(knowsNothing, table, mixed);
    for (const weight of [0, 0.2, 0.4, 0.6, 0.8, 1.1, 1.6, 2.2, 3, 4]) {
      for (const scale of [1, 3, 8, 20])
        expect(ndcg(chosen.weight, chosen.scale)).toBeGreaterThanOrEqual(ndcg(weight, scale));
    }
  });
});
