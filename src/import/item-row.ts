/** A row of a file -> an item: its fields renamed and typed, then read as from anywhere else. */
import type { Config } from '../config.js';
import { readItem } from '../ingest/item-message.js';
import type { ItemPut } from '../storage/item.store.js';
import { parsedJson } from './interaction-row.js';
import type { ReadRow } from './import.js';
import { itemOf } from './item-dialect.js';
import { renamed, type Mapping } from './mapping.js';
import type { ImportFile } from './source.js';

export function itemReader(config: Config, { fields, dialect }: Mapping, { format }: ImportFile): ReadRow<ItemPut> {
  return (row) => {
    const named = itemOf(renamed(row, fields), dialect);
    return readItem(format === 'csv' ? typed(named) : named, config.itemVectorLength);
  };
}

/** Fields that are no text in JSON, out of a file where everything is text: a list is separated by | or is JSON. */
function typed(row: unknown): unknown {
  return Object.fromEntries(
    Object.entries(row as object).map(([name, value]: [string, unknown]) => {
      if (typeof value !== 'string') return [name, value];
      switch (name) {
        case 'categories':
          return [name, value.startsWith('[') ? parsedJson(value, name) : value.split('|')];
        case 'properties':
        case 'vector':
          return [name, parsedJson(value, name)];
        case 'available':
          return [name, { true: true, 1: true, false: false, 0: false }[value.toLowerCase()] ?? value];
        case 'createdAt':
        case 'expiresAt':
          return [name, /^-?\d+$/.test(value) ? Number(value) : value];
        default:
          return [name, value];
      }
    }),
  );
}
