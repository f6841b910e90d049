import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { topicNames } from '../config.js';
import { interactionFields, readInteraction } from '../model/interaction.js';
import { itemFields, readItem } from './item-message.js';
import { jsonSchemaOf, messageSchemas } from './message-schema.js';
import { readUserMessage, userFields } from './user-message.js';

const now = Date.parse('2026-11-01T00:00:00Z');
const rules = { kinds: new Set(['view']), earliestTime: Date.parse('1990-01-01T00:00:00Z') };

/** What the service reads each topic's body with. */
const readers = {
  interactions: (body: unknown) => readInteraction(body, rules, now, () => 'fallback'),
  items: (body: unknown) => readItem(body, 2, 'fallback'),
  users: (body: unknown) =>
    readUserMessage({
      ...{ topic: 't', partition: 0, offset: 0n, timestamp: '0', headers: {} },
      key: Buffer.from('u1'),
      value: Buffer.from(JSON.stringify(body)),
    }),
};
const isRead = (topic: keyof typeof readers, body: unknown): boolean => {
  try {
    readers[topic](body);
    return true;
  } catch {
    return false;
  }
};

describe('the published schema', () => {
  it.each(topicNames)('of %s is the one in the file; `npm run schema` writes it', (topic) => {
    expect(jsonSchemaOf(topic)).toBe(readFileSync(new URL(`./schema/${topic}.json`, import.meta.url), 'utf8'));
  });

  it('has the fields that are read, and no other', () => {
    const fieldsOf = (topic: keyof typeof messageSchemas) => Object.keys(messageSchemas[topic].shape);
    expect(fieldsOf('interactions')).toEqual([...interactionFields]);
    expect(fieldsOf('items')).toEqual(itemFields);
    expect(fieldsOf('users')).toEqual(userFields);
  });

  const time = '2026-05-01T10:00:00Z';
  const view = { userId: 'u1', itemId: 'i1', kind: 'view', occurredAt: time };
  const bodies: readonly (readonly [keyof typeof readers, boolean, unknown])[] = [
    ['interactions', true, view],
    ['interactions', true, { ...view, id: 'e', value: 0.5, properties: { a: [null, { b: 1 }] }, schemaVersion: '1.2' }],
    ['interactions', true, { ...view, userId: null, sessionId: 's1', value: null, properties: null, schemaVersion: 1 }],
    ['interactions', true, { ...view, userId: 42, occurredAt: 1_777_629_600_123 }],
    ['interactions', true, { ...view, occurredAt: '2026-05-01T12:00:00.123456+02:00', recommendationId: 'r' }],
    ['interactions', false, { ...view, userId: null }],
    ['interactions', false, { ...view, userId: undefined, sessionId: null }],
    ['interactions', false, { ...view, userId: ['u1'] }],
    ['interactions', false, { ...view, userId: '  ' }],
    ['interactions', false, { ...view, userId: 1e21 }],
    ['interactions', false, { ...view, itemId: 'x'.repeat(257) }],
    ['interactions', false, { ...view, itemId: undefined }],
    ['interactions', false, { ...view, kind: '' }],
    ['interactions', false, { ...view, value: '4' }],
    ['interactions', false, { ...view, occurredAt: '2026-05-01T10:00:00' }],
    ['interactions', false, { ...view, occurredAt: '2026-02-30T10:00:00Z' }],
    ['interactions', false, { ...view, occurredAt: 1_777_629_600 }],
    ['interactions', false, { ...view, occurredAt: 1_777_629_600_123_456 }],
    ['interactions', false, { ...view, properties: [] }],
    ['interactions', false, { ...view, schemaVersion: 2 }],
    ['interactions', false, { ...view, user_id: 'u1' }],
    ['interactions', false, [view]],
    ['items', true, {}],
    ['items', true, { id: 'i', title: 't', categories: ['a'], properties: {}, vector: [1, 2], available: false }],
    ['items', true, { title: null, categories: null, createdAt: time, expiresAt: 1_777_629_600_123 }],
    ['items', false, { title: 7 }],
    ['items', false, { title: 'x'.repeat(1_001) }],
    ['items', false, { categories: 'a' }],
    ['items', false, { categories: Array.from({ length: 101 }, String) }],
    ['items', false, { available: 'no' }],
    ['items', false, { createdAt: '2026-05-01' }],
    ['items', false, { schemaVersion: '2' }],
    ['items', false, { colour: 'red' }],
    ['users', true, { id: 'u1', properties: { city: 'Oslo' } }],
    ['users', true, {}],
    ['users', false, { city: 'Oslo' }],
    ['users', false, { properties: 'Oslo' }],
    ['users', false, null],
  ];
  it.each(bodies)('has the verdict of the service: %s, %s, %.120j', (topic, isGood, body) => {
    expect([messageSchemas[topic].safeParse(body).success, isRead(topic, body)]).toEqual([isGood, isGood]);
  });

  it('says in JSON Schema too that one of user and session is needed', () => {
    expect(JSON.parse(jsonSchemaOf('interactions'))).toMatchObject({
      required: ['itemId', 'kind', 'occurredAt'],
      additionalProperties: false,
      anyOf: [{ required: ['userId'] }, { required: ['sessionId'] }],
    });
  });
});
