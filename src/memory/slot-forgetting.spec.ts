import { describe, expect, it } from '@jest/globals';
import { fewestThatFill } from './slot-forgetting.js';

const fill = [0.25, 0.125, 0, 0.5, 0.125].map((share, n) => ({
  ...{ id: `i${n}`, itemId: 'a', kind: 'view', occurredAt: new Date(n) },
  share,
}));
const chosen = (part: number): readonly string[] => fewestThatFill(fill, part).map(({ id }) => id);

describe('what fills a slot', () => {
  it('are the fewest whose shares make up the part, the largest first, of equals the newest', () => {
    expect(chosen(0.01)).toEqual(['i3']);
    expect(chosen(0.5)).toEqual(['i3']);
    expect(chosen(0.51)).toEqual(['i3', 'i0']);
    expect(chosen(0.76)).toEqual(['i3', 'i0', 'i4']);
  });

  it('are all that have a share, and never one that has none', () => {
    expect(chosen(1)).toEqual(['i3', 'i0', 'i4', 'i1']);
    expect(
      fewestThatFill(
        fill.map((one) => ({ ...one, share: 0 })),
        0.9,
      ),
    ).toEqual([]);
    expect(fewestThatFill([], 1)).toEqual([]);
  });
});
