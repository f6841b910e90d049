import { describe, expect, it } from '@jest/globals';
import { readExpiry } from './keys.js';

describe('the expiry of a key', () => {
  it('is an instant with a zone', () => {
    expect(readExpiry('2999-01-01T02:00:00+02:00')).toEqual(new Date('2999-01-01T00:00:00Z'));
  });

  it.each([
    ['2999-02-30T00:00:00Z', /--expires names a day that does not exist/],
    ['2999-01-01', /--expires has no zone/],
    ['soon', /--expires is not ISO-8601/],
    ['2020-01-01T00:00:00Z', /--expires 2020-01-01T00:00:00Z has passed/],
  ])('can not be %s', (text, fault) => {
    expect(() => readExpiry(text)).toThrow(fault);
  });
});
