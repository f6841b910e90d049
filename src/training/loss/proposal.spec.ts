import { describe, expect, it } from '@jest/globals';
import { Proposal } from './proposal.js';
import { Random } from '../random.js';

/** Row 0, then items that occurred 1, 16, 81 and no times. */
const counts = Float32Array.of(1000, 1, 16, 81, 0);
/** With a power of 3/4 the counts weigh 1, 8, 27, 0 of 36; four fifths of that and a fifth spread over four items. */
const shares = [0, 0.8 / 36 + 0.05, (0.8 * 8) / 36 + 0.05, (0.8 * 27) / 36 + 0.05, 0.05];

describe('Proposal', () => {
  it('draws each item by its tempered frequency and the uniform share, and never the unknown one', () => {
    const proposal = new Proposal(counts);
    const random = new Random(1);
    const draws = 200_000;
    const drawn = [0, 0, 0, 0, 0];
    for (let draw = 0; draw < draws; draw++) {
      const row = proposal.draw(random);
      drawn[row] = (drawn[row] ?? 0) + 1;
    }
    // four standard deviations of a share near a half
    shares.forEach((share, row) => {
      expect(Math.abs((drawn[row] ?? 0) / draws - share)).toBeLessThan(share === 0 ? 1e-9 : 0.0045);
    });
  });

  it('expects of a sample what samples hold, each item at most once', () => {
    const proposal = new Proposal(counts);
    const random = new Random(2);
    const samples = 40_000;
    const held = [0, 0, 0, 0, 0];
    for (let sample = 0; sample < samples; sample++) {
      const rows = proposal.sample(3, random);
      expect(new Set(rows).size).toBe(rows.length);
      for (const row of rows) held[row] = (held[row] ?? 0) + 1;
    }
    for (const row of [1, 2, 3, 4]) {
      const expected = 1 - Math.exp(-3 * (shares[row] ?? 0));
      expect(Math.exp(proposal.logExpected(row, 3))).toBeCloseTo(expected, 10);
      expect(Math.abs((held[row] ?? 0) / samples - expected)).toBeLessThan(0.01); // four standard deviations
    }
  });

  it('draws all items alike where it is asked to, whatever their counts', () => {
    const proposal = new Proposal(counts, { power: 0, uniform: 0 });
    expect(proposal.logExpected(1, 2)).toBeCloseTo(Math.log(1 - Math.exp(-0.5)), 10);
    expect(proposal.logExpected(3, 2)).toBe(proposal.logExpected(1, 2));
  });
});
