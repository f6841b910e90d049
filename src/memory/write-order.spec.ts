import { describe, expect, it } from '@jest/globals';
import { WriteOrder } from './write-order.js';

describe('the order of writing', () => {
  it('is that of a list from which what is written again is taken out first', () => {
    const order = new WriteOrder();
    let list: number[] = [];
    for (let step = 0; step < 5_000; step++) {
      const drawn = (step * step * 7_919 + step * 104_729) % 1_009;
      if (drawn < 300) expect(order.takeFirst()).toBe(list.shift() ?? null);
      else {
        const place = drawn % 40;
        order.moveToEnd(place);
        list = [...list.filter((one) => one !== place), place];
      }
    }
    while (list.length > 0) expect(order.takeFirst()).toBe(list.shift());
    expect(order.takeFirst()).toBeNull();
  });

  it('is empty once it is cleared', () => {
    const order = new WriteOrder();
    for (const place of [3, 1, 2]) order.moveToEnd(place);
    order.clear();
    expect(order.takeFirst()).toBeNull();
    order.moveToEnd(1);
    expect([order.takeFirst(), order.takeFirst()]).toEqual([1, null]);
  });
});
