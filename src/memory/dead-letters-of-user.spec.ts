import { expect, it } from '@jest/globals';
import { isOfUser } from './dead-letters-of-user.js';

const letter = (value: string | null, more: { key?: string; topic?: string; headers?: [string, string][] } = {}) => ({
  topic: more.topic ?? 'recollect.interactions',
  key: more.key === undefined ? null : Buffer.from(more.key),
  value: value === null ? null : Buffer.from(value),
  headers: (more.headers ?? []).map(([name, text]): [string, string] => [name, Buffer.from(text).toString('base64')]),
});

it.each([
  ['the key', letter(null, { key: 'er-1' })],
  ['a quoted key', letter(null, { key: '"er-1"' })],
  ['a header', letter('{}', { headers: [['ce_subject', 'er-1']] })],
  ['the body', letter('{"userId": "er-1", "kind": "?"}')],
  ['another recommender', letter('{"USER_ID": "er-1"}')],
  ['an envelope', letter('{"payload": {"after": {"user_id": "er-1"}}}')],
  ['JSON in a text', letter('{"data": "{\\"user\\": \\"er-1\\"}"}')],
  ['an escaped id', letter('{"userId": "\\u0065r-1"}')],
  ['a list', letter('{"users": ["er-2", "er-1"]}')],
  ['a body that is cut off', letter('{"kind": "view", "userId": "er-1", "itemI')],
  ['a profile', letter('{"id": "er-1"}', { topic: 'recollect.users' })],
])('finds the user by %s', (_, found) => {
  expect(isOfUser(found, 'er-1')).toBe(true);
});

it.each([
  ['another user', letter('{"userId": "er-11"}', { key: 'er-11' })],
  ['an item of that name', letter('{"userId": "er-2", "itemId": "er-1"}')],
  ['an interaction of that id', letter('{"userId": "er-2", "id": "er-1"}')],
  ['a longer id in a body that is cut off', letter('{"userId": "er-12", "item')],
  ['a value in a body that is cut off', letter('{"userId": "er-2", "itemId": "er-1", "k')],
])('does not take %s for the user', (_, other) => {
  expect(isOfUser(other, 'er-1')).toBe(false);
});

it('finds numbers and sessions', () => {
  expect(isOfUser(letter('{"userId": 42}'), '42')).toBe(true);
  expect(isOfUser(letter('{"userId": 7, "value": 42}'), '42')).toBe(false);
  expect(isOfUser(letter('{"sessionId": "s-1"}'), 'session:s-1')).toBe(true);
  expect(isOfUser(letter('user=customer-0815;item=3'), 'customer-0815')).toBe(true);
  expect(isOfUser(letter('shop;customer-0815;item'), 'customer-0815')).toBe(true);
});
