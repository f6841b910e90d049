import { describe, expect, it } from '@jest/globals';
import { RecollectError } from '../errors.js';
import { Watchdog } from './watchdog.js';

const partition = { lag: 5n, stopped: null, isPaused: false, waitingFor: null, progressedAt: 0, lastCommitAt: null };
const moved = (at: number): typeof partition => ({ ...partition, progressedAt: at });
const stopped = new RecollectError('LOG_START_PAST_OFFSET', 'gone');

/** One that asked for a new consumer, which started at 110,000. */
function onProbation(): Watchdog {
  const watchdog = new Watchdog(60_000);
  expect(watchdog.look([partition], 100_000, true)).toBe('restart the consumer');
  watchdog.replaced(110_000);
  return watchdog;
}

describe('the watchdog', () => {
  it('asks for a new consumer when messages wait and nothing moves, and for the end of the process when that does not help', () => {
    const watchdog = new Watchdog(60_000);
    expect(watchdog.look([partition], 60_000, true)).toBe('go on');
    expect(watchdog.look([partition], 60_001, true)).toBe('restart the consumer');
    watchdog.replaced(70_000);
    expect(watchdog.look([moved(70_000)], 130_000, true)).toBe('go on'); // the new one has its time too
    expect(watchdog.look([moved(70_000)], 130_001, true)).toBe('end the process');
  });

  it.each([
    ['has nothing to do', { ...partition, lag: 0n }],
    ['is stopped for a reason that it tells', { ...partition, stopped }],
    ['is held by an operator', { ...partition, isPaused: true }],
    ['waits for the database', { ...partition, waitingFor: 'the database' }],
    ['moved a moment ago', moved(99_000)],
  ])('lets a partition be that %s', (_, one) => {
    expect(new Watchdog(60_000).look([one], 100_000, true)).toBe('go on');
  });

  it('sees one partition that hangs among others that move', () => {
    expect(new Watchdog(60_000).look([moved(99_000), partition], 100_000, true)).toBe('restart the consumer');
  });

  it('asks for the end of the process when the new consumer gets no partitions', () => {
    expect(new Watchdog(60_000).look([], 999_000, true)).toBe('go on');
    expect(onProbation().look([], 170_000, true)).toBe('go on');
    expect(onProbation().look([], 170_001, true)).toBe('end the process');
  });

  it('forgives a hang once the new consumer got on with everything', () => {
    const watchdog = onProbation();
    const busy = { ...moved(120_000), lastCommitAt: new Date(120_000) };
    expect(watchdog.look([busy, { ...partition, lag: 0n }], 120_000, true)).toBe('go on');
    expect(watchdog.look([moved(120_000)], 200_000, true)).toBe('restart the consumer');
  });

  it('does not forgive it while one partition has got nothing done', () => {
    const watchdog = onProbation();
    const busy = { ...moved(170_000), lastCommitAt: new Date(170_000) };
    expect(watchdog.look([busy, moved(110_000)], 170_000, true)).toBe('go on');
    expect(watchdog.look([busy, moved(110_000)], 170_001, true)).toBe('end the process');
  });

  it('counts no time in which the brokers do not answer, for ten timeouts at most', () => {
    const watchdog = new Watchdog(60_000);
    expect(watchdog.look([partition], 100_000, false)).toBe('go on');
    expect(watchdog.look([partition], 160_000, true)).toBe('go on'); // they are back: it has its time
    expect(watchdog.look([partition], 160_001, true)).toBe('restart the consumer');
    expect(onProbation().look([moved(110_000)], 900_000, false)).toBe('go on');
    expect(onProbation().look([], 900_000, false)).toBe('go on');
    const left = new Watchdog(60_000);
    expect(left.look([partition], 100_000, false)).toBe('go on');
    expect(left.look([partition], 700_000, false)).toBe('go on');
    expect(left.look([partition], 760_000, false)).toBe('go on');
    expect(left.look([partition], 760_001, false)).toBe('restart the consumer');
  });
});
