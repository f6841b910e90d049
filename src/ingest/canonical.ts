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
import { interactionFields } from '../model/interaction.js';
import { dialectNames, dialects, fileDialectNames, type Alias, type DialectName } from './dialect.js';
import { isObject } from './fields.js';

/** A value and the name that it was given under. */
export interface Given {
  readonly name: string;
  readonly value: unknown;
}

export type GivenFields = Map<string, Given>;

const maxEchoed = 80; // characters of a name
const own: ReadonlySet<string> = new Set(interactionFields);
const tables = new Map(fileDialectNames.map((dialect) => [dialect, new Map(Object.entries(dialects[dialect]))]));

/** The record in the names of an interaction; `dialect` undefined: recognised by its names. */
export function canonicalOf(record: unknown, dialect?: DialectName): unknown {
  return isObject(record) && !isCanonical(record, dialect) ? valuesOf(gather(record, dialect)) : record;
}

export function isCanonical(record: object, dialect: DialectName | undefined): boolean {
  return dialect === undefined && Object.keys(record).every((name) => own.has(name));
}

/** What a record gives, by the field of an interaction; what nobody knows by its own name. */
export function gather(record: Readonly<Record<string, unknown>>, dialect: DialectName | undefined): GivenFields {
  const reading = new Reading(
    dialect === undefined ? dialectNames : [dialect],
    dialect === undefined ? spokenIn(record) : [dialect],
  );
  for (const [name, value] of Object.entries(record)) reading.take(name, value, name);
  return reading.end();
}

class Reading {
  private readonly fields: GivenFields = new Map();
  private readonly properties: GivenFields = new Map();
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

  end(): GivenFields {
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
export function put(fields: GivenFields, field: string, { name, value }: Given): void {
  const earlier = fields.get(field);
  if ((value ?? null) === null && (own.has(field) || earlier !== undefined)) return;
  const given = { name: name.slice(0, maxEchoed), value };
  if (earlier !== undefined && !isSame(field, earlier.value, value)) {
    const message = `${earlier.name} and ${given.name} give two values for ${field.slice(0, maxEchoed)}: send one of them`;
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

export function valuesOf(fields: GivenFields): Readonly<Record<string, unknown>> {
  return Object.fromEntries([...fields].map(([field, { value }]) => [field, value]));
}
