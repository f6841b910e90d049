import { describe, expect, it } from '@jest/globals';
import { ContentJudge } from './content-choice.js';

const none = new Int32Array();
const history = Int32Array.of(1);
const scores = (...rows: readonly number[]): Float32Array => Float32Array.of(-1e9, ...rows);
/** d = 1, bias 0 */
const group = (penalty: number, vector: number) => ({ rows: [3], penalty, places: [Float64Array.of(vector, 0)] });

/** The target is the item as if unseen: another one has 5. */
const asked = (judge: ContentJudge): void => {
  judge.take(Float32Array.of(3), scores(5, 1, 99), { history, excluded: none, target: 3, user: 0 });
};
/** The target has 4, and the item as if unseen is a candidate too. */
const other = (judge: ContentJudge, u = 2): void => {
  judge.take(Float32Array.of(u), scores(4, 1, 99), { history, excluded: none, target: 1, user: 0 });
};

describe('scale and offset of the content map', () => {
  it('lift the items as if unseen as far as it takes to be found, and no further', () => {
    const judge = new ContentJudge([group(7, 1)], [1, 1.5]);
    asked(judge); //                                            3 + o > 5; a tie is not enough
    expect(judge.choice()).toEqual({ penalty: 7, scale: 1, offset: 2.25 });
  });

  it('stay below what would cost the others more than its price', () => {
    const judge = new ContentJudge([group(7, 1)], [1, 1.5]);
    asked(judge);
    other(judge); //                                            2 s + o < 4 beside 3 s + o > 5: 1 allows o < 2, 1.5 needs o > 0.5
    expect(judge.choice()).toEqual({ penalty: 7, scale: 1.5, offset: 0.75 });
  });

  it('cost the others 2 % at most', () => {
    const choose = (unmoved: number) => {
      const judge = new ContentJudge([group(7, 1)], [1, 1.5]);
      asked(judge); //                                          first from 3 s + o > 5 on, second from 3 s + o > 1 on
      other(judge, 3); //                                       falls to the second place, worth 1 / log2 3, from 3 s + o >= 4 on
      const one = { history, excluded: none, target: 1, user: 0 };
      for (let n = 0; n < unmoved; n++) judge.take(Float32Array.of(0), scores(9, 1, 99), one);
      return judge.choice();
    };
    expect(choose(18)).toEqual({ penalty: 7, scale: 1, offset: 2.25 }); //  0.369 / 19 = 1.94 %
    expect(choose(17)).toEqual({ penalty: 7, scale: 1, offset: -1.75 }); // 0.369 / 18 = 2.05 %
  });

  it('come with the penalty that finds most, the first of equal ones', () => {
    const judge = new ContentJudge([group(9, -3), group(5, 1), group(1, 1)], [1, 1.5]);
    asked(judge);
    expect(judge.choice().penalty).toBe(5);
  });

  it('leave out what the user has seen, but for the target', () => {
    const judge = new ContentJudge([group(7, 1)], [1, 1.5]);
    judge.take(Float32Array.of(3), scores(5, 1, 99), { history, excluded: Int32Array.of(1, 3), target: 3, user: 0 });
    expect(judge.choice()).toEqual({ penalty: 7, scale: 1, offset: -1.75 }); // 3 + o > 1
  });
});
