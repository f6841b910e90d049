import { describe, expect, it } from '@jest/globals';
import { QueryRunnerAlreadyReleasedError } from 'typeorm';
import { codeOf, isRetriable, RecollectError } from './errors.js';

describe('errors', () => {
  it('takes retriable and level from the list', () => {
    const error = new RecollectError('UNKNOWN_KIND', 'the kind "wave" is not configured', { field: 'kind' });
    expect(error).toMatchObject({ code: 'UNKNOWN_KIND', field: 'kind', retriable: false, level: 'info' });
  });

  it('names the code of a fault, of the system, of Postgres or its own', () => {
    let system: unknown;
    try {
      process.kill(process.pid, 'SIGNOSUCH');
    } catch (error) {
      system = error; // of another realm than the test
    }
    expect(codeOf(system)).toBe('ERR_UNKNOWN_SIGNAL');
    expect(codeOf(new RecollectError('LOST', 'x'))).toBe('LOST');
    for (const nameless of [new Error('x'), Object.assign(new Error('x'), { code: 5 }), 'x', null, undefined])
      expect(codeOf(nameless)).toBeNull();
  });

  it.each(['40001', '40P01', '57P01', '57P03', '08006', '53300', 'ECONNRESET', 'ECONNREFUSED'])(
    'tries again after %s',
    (code) => {
      expect(isRetriable(Object.assign(new Error('x'), { code }))).toBe(true);
      expect(isRetriable(Object.assign(new Error('x'), { driverError: Object.assign(new Error('x'), { code }) }))).toBe(
        true,
      );
    },
  );

  it.each(['23505', '22P02', '42601', 'ENOENT'])('does not try again after %s', (code) => {
    expect(isRetriable(Object.assign(new Error('x'), { code }))).toBe(false);
  });

  it('tries again after a connection that was lost without a code', () => {
    for (const message of [
      'Connection terminated unexpectedly',
      'Client has encountered a connection error and is not queryable',
      new QueryRunnerAlreadyReleasedError().message,
    ])
      expect(isRetriable(new Error(message))).toBe(true);
    expect(isRetriable('boom')).toBe(false);
  });
});
