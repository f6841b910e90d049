import { describe, expect, it } from '@jest/globals';
import { RecollectError } from '../errors.js';
import { Watchdog } from './watchdog.js';

const partition = { lag: 5n, stopped: null, waitingFor: null, progressedAt: 0 };
const stopped = new RecollectError('LOG_START_PAST_OFFSET', 'gone');

describe('the watchdog', () => {
  it('asks for a new consumer when messages wait and nothing moves, and for the end of the process when that does not help', () => {
    const watchdog = new Watchdog(60_000);
    expect(watchdog.look([partition], 60_000)).toBe('go on');
    expect(watchdog.look([partition], 60_001)).toBe('restart the consumer');
    expect(watchdog.look([partition], 120_001)).toBe('go on'); // the new one has its time too
    expect(watchdog.look([partition], 120_002)).toBe('end the process');
  });

  it.each([
    ['has nothing to do', { ...partition, lag: 0n }],
    ['is stopped for a reason that it tells', { ...partition, stopped }],
    ['waits for the database', { ...partition, waitingFor: 'the database' }],
    ['moved a moment ago', { ...partition, progressedAt: 99_000 }],
  ])('lets a partition be that %s', (_, one) => {
    expect(new Watchdog(60_000).look([one], 100_000)).toBe('go on');
  });

  it('sees one partition that hangs among others that move', () => {
    expect(new Watchdog(60_000).look([{ ...partition, progressedAt: 99_000 }, partition], 100_000)).toBe(
      'restart the consumer',
    );
  });

  it('forgives a hang once all was consumed', () => {
    const watchdog = new Watchdog(60_000);
    expect(watchdog.look([partition], 100_000)).toBe('restart the consumer');
    expect(watchdog.look([{ ...partition, lag: 0n }], 110_000)).toBe('go on');
    expect(watchdog.look([{ ...partition, progressedAt: 110_000 }], 200_000)).toBe('restart the consumer');
  });

  it('forgives a hang when the new consumer works through a long backlog', () => {
    const watchdog = new Watchdog(60_000);
    expect(watchdog.look([partition], 100_000)).toBe('restart the consumer');
    expect(watchdog.look([{ ...partition, progressedAt: 230_000 }], 230_001)).toBe('go on');
    expect(watchdog.look([{ ...partition, progressedAt: 230_000 }], 300_000)).toBe('restart the consumer');
  });
});
