/**
 * A change of parts of an item. What is left out stays, null empties; of the properties those that are named change, and one that is given
 * as null leaves.
 */
import type { ItemPut } from '../storage/item.store.js';
import { readItem } from './item-message.js';

/** The item after the change; throws as `readItem` does. */
export function patchedItem(
  item: ItemPut,
  patch: Readonly<Record<string, unknown>>,
  vectorLength: number | null,
): ItemPut {
  const given = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
  const { properties } = given;
  return readItem(
    {
      ...{ ...item, createdAt: item.createdAt?.toISOString(), expiresAt: item.expiresAt?.toISOString() },
      ...given,
      properties: isObject(properties)
        ? merged(item.properties, properties)
        : 'properties' in given
          ? properties
          : item.properties,
    },
    vectorLength,
  );
}

function merged(present: Readonly<Record<string, unknown>>, change: Readonly<Record<string, unknown>>): object {
  const all = new Map([...Object.entries(present), ...Object.entries(change)]);
  return Object.fromEntries([...all].filter(([, value]) => value !== null));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
