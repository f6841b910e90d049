import { describe, expect, it } from '@jest/globals';
import { Hints } from './turn.js';

describe('hints to the brokers', () => {
  it('are sent one at a time, and of those that wait only the newest', async () => {
    const hints = new Hints();
    const sent: number[] = [];
    const open: (() => void)[] = [];
    const put = (offset: number): void => {
      hints.put(async () => {
        sent.push(offset);
        await new Promise<void>((done) => open.push(done));
      });
    };
    put(1);
    put(2);
    put(3);
    expect(sent).toEqual([1]);
    open.shift()?.();
    await new Promise(setImmediate);
    expect(sent).toEqual([1, 3]);
    open.shift()?.();
    await hints.settled();
    put(4);
    expect(sent).toEqual([1, 3, 4]);
    open.shift()?.();
    await hints.settled();
  });
});
