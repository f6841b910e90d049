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
const other = (judge: ContentJudge): void => {
  judge.take(Float32Array.of(2), scores(4, 1, 99), { history, excluded: none, target: 1, user: 0 });
};

describe('scale and offset of the content map', () => {
  it('lift the items as if unseen as far as it takes to be found', () => {
    const judge = new ContentJudge([group(7, 1)]);
    asked(judge); //                                            3 s + o > 5: 0.8 and 1 do not do it by an offset up to 2
    expect(judge.choice()).toEqual({ penalty: 7, scale: 1.3, offset: 1.5 });
  });

  it('and not so far that they take the places of others', () => {
    const judge = new ContentJudge([group(7, 1)]);
    asked(judge);
    other(judge); //                                            2 s + o < 4 beside 3 s + o > 5: first at s = 1.7
    expect(judge.choice()).toEqual({ penalty: 7, scale: 1.7, offset: 0 });
  });

  it('come with the penalty that ranks best, the first of equal ones', () => {
    const judge = new ContentJudge([group(9, 0), group(5, 1), group(1, 1)]);
    asked(judge);
    expect(judge.choice().penalty).toBe(5);
  });

  it('leave out what the user has seen, but for the target', () => {
    const judge = new ContentJudge([group(7, 1)]);
    judge.take(Float32Array.of(3), scores(5, 1, 99), { history, excluded: Int32Array.of(1, 3), target: 3, user: 0 });
    expect(judge.choice()).toEqual({ penalty: 7, scale: 0.8, offset: -1 }); //  3 * 0.8 + o > 1
  });
});
