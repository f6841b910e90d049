/** Rules of requests, checked. */
import { randomUUID } from 'node:crypto';
import type { Rules } from '../recommend/rules/rules.js';
import { badInput, checkCount, checkId, maximumFirst } from './arguments.js';
import { readFilter } from './item-filter.js';
import type { ItemFilterInput } from './item-filter.type.js';
import type { RulesInput } from './rules.type.js';

const mostBoosts = 20;
const mostCaps = 5;
const longestName = 64;
const longestSeed = 256;

/** What a rule needs to be of use: a user who is known, and answers that are logged. */
export interface RulesBasis {
  readonly isUser: boolean;
  readonly impressionDays: number;
}

/** Left out, or without any rule: null. Throws BAD_INPUT with the place of what is wrong. */
export function readRules(input: RulesInput | null | undefined, basis: RulesBasis): Rules | null {
  if (input === null || input === undefined) return null;
  const { boosts, pins, caps, promoted = null, rotation = null, exploration = null, diversity = null } = input;
  const rules: Rules = {
    boosts: listed(boosts, mostBoosts, 'rules.boosts', ({ filter, factor, name }, field) => ({
      filter: filterOf(filter, `${field}.filter`),
      factor: checkNumber(factor, 0.001, 1_000, `${field}.factor`),
      name: checkName(name, field),
    })),
    pins: listed(pins, maximumFirst, 'rules.pins', ({ itemId, rank, name }, field) => ({
      itemId: checkId(itemId, `${field}.itemId`),
      rank: checkNumber(rank, 1, maximumFirst, `${field}.rank`),
      name: checkName(name, field),
    })),
    promoted: promoted && {
      filter: filterOf(promoted.filter, 'rules.promoted.filter'),
      share: checkNumber(promoted.share, Number.MIN_VALUE, 1, 'rules.promoted.share'),
      name: checkName(promoted.name, 'rules.promoted'),
    },
    caps: listed(caps, mostCaps, 'rules.caps', ({ property = null, most, name }, field) => ({
      property,
      most: checkNumber(most, 1, Infinity, `${field}.most`),
      name: checkName(name, field),
    })),
    rotation: rotation && {
      withinHours: checkNumber(rotation.withinHours, 1, 720, 'rules.rotation.withinHours'),
      factor: checkNumber(rotation.factor, Number.MIN_VALUE, 1 - Number.EPSILON, 'rules.rotation.factor'),
      name: checkName(rotation.name, 'rules.rotation'),
    },
    exploration: exploration && {
      weight: checkNumber(exploration.weight, Number.MIN_VALUE, 10, 'rules.exploration.weight'),
      seed: checkLength(exploration.seed ?? randomUUID(), longestSeed, 'rules.exploration.seed'),
      name: checkName(exploration.name, 'rules.exploration'),
    },
    diversity: diversity && {
      weight: checkNumber(diversity.weight, Number.MIN_VALUE, 1, 'rules.diversity.weight'),
      name: checkName(diversity.name, 'rules.diversity'),
    },
  };
  refuseTwice(
    rules.pins.map(({ itemId }) => itemId),
    'rules.pins',
    'pins one item twice',
  );
  refuseTwice(
    rules.pins.map(({ rank }) => rank),
    'rules.pins',
    'has two pins at one rank',
  );
  if (rules.rotation !== null && !basis.isUser)
    throw badInput('rules.rotation', 'needs a userId: it is not known what others were shown');
  if (rules.rotation !== null && basis.impressionDays === 0) {
    throw badInput('rules.rotation', 'needs the log of answers, which RECOLLECT_IMPRESSION_DAYS=0 switches off');
  }
  const isThere = Object.values(rules).some((rule) => (Array.isArray(rule) ? rule.length > 0 : rule !== null));
  return isThere ? rules : null;
}

function listed<Input, Rule>(
  inputs: readonly Input[] | null | undefined,
  most: number,
  field: string,
  read: (input: Input, field: string) => Rule,
): readonly Rule[] {
  checkCount(inputs ?? [], most, field);
  return (inputs ?? []).map((input, place) => read(input, `${field}[${place}]`));
}

function filterOf(filter: ItemFilterInput, field: string): NonNullable<ReturnType<typeof readFilter>> {
  return readFilter(filter, field) ?? {};
}

function checkNumber(number: number, least: number, most: number, field: string): number {
  if (number >= least && number <= most) return number;
  const low = least === Number.MIN_VALUE ? 'above 0' : `at least ${least}`;
  const high = most === 1 - Number.EPSILON ? 'below 1' : `at most ${most}`;
  throw badInput(field, `must be ${low}${most === Infinity ? '' : ` and ${high}`}, not ${number}`);
}

function checkName(name: string, field: string): string {
  if (name === '') throw badInput(`${field}.name`, 'is empty');
  return checkLength(name, longestName, `${field}.name`);
}

function checkLength(text: string, longest: number, field: string): string {
  if (text.length > longest) throw badInput(field, `has ${text.length} characters, at most ${longest}`);
  return text;
}

function refuseTwice(values: readonly unknown[], field: string, message: string): void {
  if (new Set(values).size < values.length) throw badInput(field, message);
}
