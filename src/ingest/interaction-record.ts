/** A record in anyone's names -> an interaction, or why not: for messages and for the rows of files. */
import { RecollectError } from '../errors.js';
import { readInteraction, type Interaction, type InteractionRules } from '../model/interaction.js';
import { gather, isCanonical, put, valuesOf, type GivenFields } from './canonical.js';
import type { CloudEvent } from './cloud-event.js';
import type { DialectName } from './dialect.js';
import { isObject } from './fields.js';

/** How interactions are read here. */
export interface InteractionReading {
  readonly rules: InteractionRules;
  /** undefined: recognised by the names of each record */
  readonly dialect?: DialectName | undefined;
}

/** What is known of a record beside what it says itself, for what it leaves out. */
export interface Fallback {
  readonly id?: () => string;
  readonly event?: Pick<CloudEvent, 'time' | 'type'> | undefined;
}

/** Events that PutEvents takes in one request. */
const mostEvents = 10;

/** Reads a record in the names of any dialect; errors name the field as the record does. See `readInteraction`. */
export function readRecord(
  record: unknown,
  { dialect, rules }: InteractionReading,
  now: number,
  { id, event }: Fallback = {},
): Interaction {
  if (!isObject(record) || (isCanonical(record, dialect) && event === undefined))
    return readInteraction(record, rules, now, id);
  const fields = gather(record, dialect);
  if (event !== undefined) {
    if (!fields.has('occurredAt')) put(fields, 'occurredAt', { name: 'ce_time', value: event.time });
    if (!fields.has('kind')) put(fields, 'kind', { name: 'ce_type', value: event.type });
  }
  try {
    return readInteraction(valuesOf(fields), rules, now, id);
  } catch (error) {
    if (!(error instanceof RecollectError) || error.field === null) throw error;
    const name = fields.get(error.field)?.name ?? error.field;
    if (name === error.field) throw error;
    throw new RecollectError(error.code, `${error.message} (given as ${name})`, { field: name, cause: error });
  }
}

/**
 * Reads the interactions of a body: those of a PutEvents request, each with the user and the session of the request, or the one of any
 * other record. Where the n-th has no id it takes the one given, with n behind it.
 */
export function readRecords(
  body: unknown,
  reading: InteractionReading,
  now: number,
  { id, event }: Fallback & { readonly id: () => string },
): readonly Interaction[] {
  const isRequest =
    isObject(body) && Object.hasOwn(body, 'eventList') && (reading.dialect ?? 'personalize') === 'personalize';
  if (!isRequest) return [readRecord(body, reading, now, { id, event })];
  const { eventList, ...request } = body;
  if (!Array.isArray(eventList) || eventList.length === 0 || eventList.length > mostEvents) {
    const message = `eventList is not a list of 1 to ${mostEvents} events, as PutEvents takes them`;
    throw new RecollectError('INVALID_VALUE', message, { field: 'eventList' });
  }
  return eventList.map((one: unknown, n) => {
    try {
      const place = { id: n === 0 ? id : () => `${id()}:${n}`, event };
      return readRecord(withRequest(one, request), { ...reading, dialect: 'personalize' }, now, place);
    } catch (error) {
      if (!(error instanceof RecollectError)) throw error;
      const place = `eventList[${n}]`;
      const field = error.field === null ? place : `${place}.${error.field}`;
      throw new RecollectError(error.code, `${place}: ${error.message}`, { field, cause: error });
    }
  });
}

function withRequest(event: unknown, request: Readonly<Record<string, unknown>>): unknown {
  if (!isObject(event)) return event;
  const fields: GivenFields = new Map();
  for (const [name, value] of Object.entries(request)) put(fields, name, { name: `the request's ${name}`, value });
  for (const [name, value] of Object.entries(event)) put(fields, name, { name, value });
  return valuesOf(fields);
}
