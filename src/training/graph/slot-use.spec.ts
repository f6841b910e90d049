import { describe, expect, it } from '@jest/globals';
import { SlotMeter } from './slot-use.js';

const attention = (shape: number[], numbers: number[]) => ({ shape, dataSync: () => Float32Array.from(numbers) });

describe('the use of the slots', () => {
  it('is 0 where every query reads one slot and 1 where it reads all alike', () => {
    const one = new SlotMeter();
    one.add(attention([2, 4], [0, 1, 0, 0, 0, 1, 0, 0]));
    expect(one.use()).toEqual({ readEntropy: 0, dead: 3 });
    const all = new SlotMeter();
    all.add(attention([1, 4], [0.25, 0.25, 0.25, 0.25]));
    expect(all.use()).toEqual({ readEntropy: 1, dead: 0 });
  });

  it('is a mean over the queries of all blocks; a slot is dead below a tenth of an equal share of the mean', () => {
    const meter = new SlotMeter();
    meter.add(attention([1, 2], [0.5, 0.5])); //       entropy 1
    meter.add(attention([2, 2], [1, 0, 1, 0])); //      entropy 0, twice; means 5/6 and 1/6
    const use = meter.use();
    expect(use?.readEntropy).toBeCloseTo(1 / 3, 12);
    expect(use?.dead).toBe(0);
    meter.add(
      attention(
        [8, 2],
        Array.from({ length: 16 }, (_, at) => 1 - (at % 2)),
      ),
    ); // 0.5 / 11 < 0.05
    expect(meter.use()?.dead).toBe(1);
  });

  it('counts the reads of each head', () => {
    const meter = new SlotMeter();
    meter.add(attention([1, 2, 2], [1, 0, 0.5, 0.5]));
    expect(meter.use()).toEqual({ readEntropy: 0.5, dead: 0 });
  });

  it('is unknown without slots to choose from', () => {
    expect(new SlotMeter().use()).toBeNull();
    const single = new SlotMeter();
    single.add(attention([2, 1], [1, 1]));
    expect(single.use()).toBeNull();
  });
});
