/**
 * What an interaction is worth as something to predict: a like, a purchase or a high rating more than a view, a dislike less than
 * nothing. Rules in order, the first that fits an interaction gives its weight; where none fits it weighs 1.
 *
 *   purchase=3, like=2, rating>=4=1.5, rating<=2=-1, dislike=-1          kind[>=x|<=x]=weight
 *
 * A rule with a bound fits no interaction without a value. Weight 0: not worth predicting; below 0: to be kept away.
 */
import { RecollectError } from '../errors.js';

export interface OutcomeRule {
  readonly kind: string;
  /** of the value, both inclusive */
  readonly atLeast?: number;
  readonly atMost?: number;
  /** -10 .. 10 */
  readonly weight: number;
}

/** Rules of outcomes, and whether the kinds' own weights and polarities follow them. */
export interface OutcomeSetting {
  readonly rules: readonly OutcomeRule[];
  readonly kinds: boolean;
}

export const largestOutcome = 10;
const number = String.raw`-?(?:\d+\.?\d*|\.\d+)`;
const form = new RegExp(String.raw`^([^<>=\s](?:[^<>=]*[^<>=\s])?)\s*(?:(>=|<=)\s*(${number})\s*)?=\s*(${number})$`);

/** Rules out of their text, commas between them; an empty text has none. Throws BAD_INPUT with the first fault. */
export function parseOutcomes(text: string): readonly OutcomeRule[] {
  if (text.trim() === '') return [];
  const rules = text.split(',').map((part, at) => parseRule(part.trim(), at + 1));
  rules.forEach((rule, at) => {
    const hiding = rules.slice(0, at).findIndex((earlier) => covers(earlier, rule));
    if (hiding < 0) return;
    throw fault(
      at + 1,
      outcomeText(rule),
      `never fits, rule ${hiding + 1} comes first: put the narrower one before it`,
    );
  });
  return rules;
}

function parseRule(text: string, place: number): OutcomeRule {
  const [, kind, comparison, bound, given] = form.exec(text) ?? [];
  if (kind === undefined) {
    throw fault(place, text, 'is not kind=weight, kind>=value=weight or kind<=value=weight, such as rating>=4=1.5');
  }
  const weight = Number(given);
  if (Math.abs(weight) > largestOutcome)
    throw fault(place, text, `weighs ${weight}: give a weight of -${largestOutcome} to ${largestOutcome}`);
  if (comparison === undefined) return { kind, weight };
  return comparison === '>=' ? { kind, atLeast: Number(bound), weight } : { kind, atMost: Number(bound), weight };
}

function fault(place: number, text: string, what: string): RecollectError {
  return new RecollectError('BAD_INPUT', `rule ${place}, ${JSON.stringify(text)}, ${what}`);
}

export function outcomeText({ kind, atLeast, atMost, weight }: OutcomeRule): string {
  const bound = atLeast === undefined ? (atMost === undefined ? '' : `<=${atMost}`) : `>=${atLeast}`;
  return `${kind}${bound}=${weight}`;
}

/** Whether whatever fits `rule` fits `earlier`. */
function covers(earlier: OutcomeRule, rule: OutcomeRule): boolean {
  if (earlier.kind !== rule.kind) return false;
  const { atLeast = -Infinity, atMost = Infinity } = rule;
  return (earlier.atLeast ?? -Infinity) <= atLeast && (earlier.atMost ?? Infinity) >= atMost;
}

/** `value` NaN: none. */
export function outcomeWeight(rules: readonly OutcomeRule[], kind: string, value: number): number {
  return rules.find((rule) => fits(rule, kind, value))?.weight ?? 1;
}

function fits({ kind: wanted, atLeast, atMost }: OutcomeRule, kind: string, value: number): boolean {
  if (wanted !== kind) return false;
  return (atLeast === undefined || value >= atLeast) && (atMost === undefined || value <= atMost);
}

/** The rules in force: those of RECOLLECT_TRAIN_OUTCOMES, then, where it says `kinds`, one for each kind. */
export function outcomeRules({
  trainOutcomes,
  kinds,
}: {
  readonly trainOutcomes: OutcomeSetting;
  readonly kinds: Readonly<
    Record<string, { readonly weight: number; readonly polarity: 'positive' | 'negative' | 'neutral' }>
  >;
}): readonly OutcomeRule[] {
  if (!trainOutcomes.kinds) return trainOutcomes.rules;
  const signs = { positive: 1, negative: -1, neutral: 0 };
  const ofKinds = Object.entries(kinds).map(([kind, { weight, polarity }]) => ({
    kind,
    weight: signs[polarity] * weight,
  }));
  return [...trainOutcomes.rules, ...ofKinds];
}
