/**
 * A record in the names of another recommender -> the fields of an interaction. The same for Kafka and for files.
 *
 * Without a dialect it is recognised: a name that one dialect alone has says that the record speaks it. A name that several have in
 * different forms (`timestamp`: seconds for Recombee, milliseconds for Metarank) is read as the dialect says whose other names
 * the record has, and else as `occurredAt` itself would be, so that a unit is never guessed. Two names of one field must agree.
 * What no dialect knows stays as it is and is refused, with its name, where the interaction is read.
 */
import { isDeepStrictEqual } from 'node:util';
import { RecollectError } from '../errors.js';
import { readInstant } from '../model/instant.js';
import { interactionFields, readInteraction, type Interaction, type InteractionRules } from '../model/interaction.js';
import type { CloudEvent } from './cloud-event.js';
import { dialectNames, dialects, fileDialectNames, type Alias, type DialectName } from './dialect.js';

/** A value and the name that it was given under. */
interface Given {
  readonly name: string;
  readonly value: unknown;
}

/** How interactions are read here. */
export interface InteractionReading {
  readonly rules: InteractionRules;
  /** undefined: recognised by the names of each record */
  readonly dialect?: DialectName | undefined;
}

/** What is known of a record beside what it says itself, for what it leaves out. */
export interface Origin {
  readonly id?: string;
  readonly event?: Pick<CloudEvent, 'time' | 'type'> | undefined;
}

type Fields = Map<string, Given>;

const own: ReadonlySet<string> = new Set(interactionFields);
const tables = new Map(fileDialectNames.map((dialect) => [dialect, new Map(Object.entries(dialects[dialect]))]));

/** Events that PutEvents takes in one request. */
const mostEvents = 10;

/** The record in the names of an interaction; `dialect` undefined: recognised by its names. */
export function canonicalOf(record: unknown, dialect?: DialectName): unknown {
  return isObject(record) && !isCanonical(record, dialect) ? valuesOf(gather(record, dialect)) : record;
}

/** Reads a record in the names of any dialect; errors name the field as the record does. See `readInteraction`. */
export function readRecord(
  record: unknown,
  { dialect, rules }: InteractionReading,
  now: number,
  { id, event }: Origin = {},
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
  { id, event }: Origin & { readonly id: string },
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
      const place = { id: n === 0 ? id : `${id}:${n}`, event };
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
  const fields: Fields = new Map();
  for (const [name, value] of Object.entries(request)) put(fields, name, { name: `the request's ${name}`, value });
  for (const [name, value] of Object.entries(event)) put(fields, name, { name, value });
  return valuesOf(fields);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCanonical(record: object, dialect: DialectName | undefined): boolean {
  return dialect === undefined && Object.keys(record).every((name) => own.has(name));
}

function gather(record: Readonly<Record<string, unknown>>, dialect: DialectName | undefined): Fields {
  const reading = new Reading(
    dialect === undefined ? dialectNames : [dialect],
    dialect === undefined ? spokenIn(record) : [dialect],
  );
  for (const [name, value] of Object.entries(record)) reading.take(name, value, name);
  return reading.end();
}

class Reading {
  private readonly fields: Fields = new Map();
  private readonly properties: Fields = new Map();
  private impliedKind: Given | null = null;

  constructor(
    private readonly heard: readonly DialectName[],
    private readonly spoken: readonly DialectName[],
  ) {}

  /** `place`: the name as it is told, with the way to it. */
  take(name: string, given: unknown, place: string): void {
    const alias = this.aliasOf(name);
    if (alias === null) {
      put(this.fields, name, { name: place, value: given });
      return;
    }
    const value = alias.form === undefined || given === null ? given : alias.form(given, place);
    if (alias.kind !== undefined && value !== null) this.impliedKind = { name: place, value: alias.kind };
    if (alias.field === 'property') {
      if (value !== null) put(this.properties, name, { name: place, value });
    } else if (alias.field === 'properties' && isObject(value)) {
      this.takeProperties(value, place, typeof given === 'string');
    } else if (alias.field !== null) {
      put(this.fields, alias.field, { name: place, value });
    }
  }

  end(): Fields {
    if (this.impliedKind !== null && !this.fields.has('kind')) this.fields.set('kind', this.impliedKind);
    if (this.properties.size > 0 && !this.fields.has('properties'))
      this.fields.set('properties', { name: 'properties', value: valuesOf(this.properties) });
    return this.fields;
  }

  /** Properties that came as text are those of PutEvents, which hold fields of the interaction too. */
  private takeProperties(properties: Readonly<Record<string, unknown>>, place: string, areText: boolean): void {
    for (const [name, value] of Object.entries(properties)) {
      const inner = `${place}.${name}`;
      if (areText && isFieldOfPutEvents(name)) this.take(name, value, inner);
      else put(this.properties, name, { name: inner, value });
    }
  }

  /** null: no other name of anything. */
  private aliasOf(name: string): Alias | null {
    const [alias, another] = aliasesOf(name, this.spoken);
    if (alias !== undefined && another === undefined) return alias;
    if (own.has(name)) return name === 'properties' ? { field: name } : null;
    const [first, second] = aliasesOf(name, this.heard);
    if (first === undefined) return null;
    return second === undefined ? first : { field: first.field };
  }
}

/** The dialects of which the record has a name that no other has. */
function spokenIn(record: object): readonly DialectName[] {
  const spoken = Object.keys(record).flatMap((name) => {
    const speakers = own.has(name) ? [] : speakersOf(name, dialectNames);
    return speakers.length === 1 ? speakers : [];
  });
  return [...new Set(spoken)];
}

function speakersOf(name: string, among: readonly DialectName[]): readonly DialectName[] {
  return among.filter((dialect) => tables.get(dialect)?.has(name) === true);
}

function aliasesOf(name: string, among: readonly DialectName[]): readonly Alias[] {
  return among.flatMap((dialect) => tables.get(dialect)?.get(name) ?? []);
}

function isFieldOfPutEvents(name: string): boolean {
  const field = tables.get('personalize')?.get(name)?.field ?? null;
  return field !== null && field !== 'property' && field !== 'properties';
}

/** null says nothing about a field that is known; an unknown name is kept whatever it holds, to be refused. */
function put(fields: Fields, field: string, given: Given): void {
  const earlier = fields.get(field);
  if ((given.value ?? null) === null && (own.has(field) || earlier !== undefined)) return;
  if (earlier !== undefined && !isSame(field, earlier.value, given.value)) {
    const message = `${earlier.name} and ${given.name} give two values for ${field}: send one of them`;
    throw new RecollectError('FIELDS_DISAGREE', message, { field: given.name });
  }
  if (earlier === undefined) fields.set(field, given);
}

function isSame(field: string, one: unknown, other: unknown): boolean {
  if (field !== 'occurredAt') return isDeepStrictEqual(asText(one), asText(other));
  try {
    return readInstant(one, field) === readInstant(other, field);
  } catch {
    return isDeepStrictEqual(one, other);
  }
}

/** A number is the same id as its digits in text. */
function asText(value: unknown): unknown {
  return typeof value === 'number' ? String(value) : value;
}

function valuesOf(fields: Fields): Readonly<Record<string, unknown>> {
  return Object.fromEntries([...fields].map(([field, { value }]) => [field, value]));
}
