import { describe, expect, it } from '@jest/globals';
import { isKeyOther, readInteractionMessage } from './interaction-message.js';

const rules = { kinds: new Set(['view']), earliestTime: 0 };
const other = (key: string | null, fields: object): boolean => {
  const body = { itemId: 'i1', kind: 'view', occurredAt: '2026-05-01T10:00:00Z', ...fields };
  const message = {
    ...{ topic: 't', partition: 0, offset: 0n, timestamp: '0', headers: {} },
    key: key === null ? null : Buffer.from(key),
    value: Buffer.from(JSON.stringify(body)),
  };
  const [interaction] = readInteractionMessage(message, { rules }, undefined, Date.parse('2026-11-01T00:00:00Z'));
  return interaction !== undefined && isKeyOther(message, interaction);
};

describe('the key of a message', () => {
  it.each([
    ['u1', { userId: 'u1' }],
    [null, { userId: 'u1' }],
    ['s1', { sessionId: 's1' }],
    ['session:s1', { sessionId: 's1' }],
  ])('%s is that of %j', (key, fields) => {
    expect(other(key, fields)).toBe(false);
  });

  it.each([
    ['u2', { userId: 'u1' }],
    ['s1', { userId: 'u1', sessionId: 's1' }],
    ['s'.repeat(256), { userId: 'u1', sessionId: 's'.repeat(256) }],
    ['s2', { sessionId: 's1' }],
  ])('%.5s is another one than that of %.60j', (key, fields) => {
    expect(other(key, fields)).toBe(true);
  });
});
