/** A row of a file -> an interaction: its fields renamed and typed, then read as from anywhere else. */
import type { Config } from '../config.js';
import { RecollectError } from '../errors.js';
import { canonicalOf } from '../ingest/canonical.js';
import { interactionRules } from '../ingest/interaction-message.js';
import { readInteraction, type Interaction } from '../model/interaction.js';
import { ContentIds } from './content-id.js';
import type { ReadRow } from './import.js';
import { renamed, type Mapping } from './mapping.js';
import type { ImportFile } from './source.js';

/** Stands for the id of a row that has none until its content is known. */
const noId = 'file:';

/** For the rows of one file, in their order. */
export function interactionReader(config: Config, mapping: Mapping, { format }: ImportFile): ReadRow<Interaction> {
  const rules = interactionRules(config);
  const ids = new ContentIds();
  return (row) => {
    const named = withKind(canonicalOf(renamed(row, mapping.fields), mapping.dialect), mapping);
    const interaction = withAdvice(() =>
      readInteraction(format === 'csv' ? typed(named) : named, rules, Date.now(), () => noId),
    );
    return interaction.id === noId ? { ...interaction, id: ids.next(interaction) } : interaction;
  };
}

function withKind(row: unknown, { kind: otherwise, kinds }: Mapping): unknown {
  if ((kinds.size === 0 && otherwise === null) || typeof row !== 'object' || row === null) return row;
  const { kind }: { kind?: unknown } = row;
  const named = kind ?? otherwise;
  return { ...row, kind: (typeof named === 'string' ? kinds.get(named) : undefined) ?? named };
}

/** Kinds are what most files have other names for. */
function withAdvice(read: () => Interaction): Interaction {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RecollectError) || error.field !== 'kind') throw error;
    const advice =
      error.code === 'UNKNOWN_KIND' ? 'or map it, such as by --map-kind read=view' : 'or name it by --kind';
    throw new RecollectError(error.code, `${error.message}; ${advice}`, { field: 'kind', cause: error });
  }
}

/** Fields that are no text in JSON, out of a file where everything is text. What is no number stays as it is and is refused. */
function typed(row: unknown): unknown {
  const { value, occurredAt, properties } = row as Record<'value' | 'occurredAt' | 'properties', unknown>;
  return {
    ...(row as object),
    ...(value === undefined ? {} : { value: numberOf(value) }),
    ...(occurredAt === undefined ? {} : { occurredAt: numberOf(occurredAt) }),
    ...(typeof properties === 'string' ? { properties: parsedJson(properties, 'properties') } : {}),
  };
}

function numberOf(value: unknown): unknown {
  return typeof value === 'string' && /^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(value) ? Number(value) : value;
}

/** A field that is JSON in a file where everything is text. */
export function parsedJson(text: string, field: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new RecollectError('INVALID_VALUE', `${field} holds text that is not JSON`, { field });
  }
}
