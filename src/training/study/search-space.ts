/**
 * The space that a study draws its trials from: for some hyperparameters of the recipe, which values to try.
 *
 *   {"log": [5e-4, 1e-2]}       10^u with u uniform: for numbers whose size is not known
 *   {"range": [0.1, 0.6]}       uniform; both ends are in it
 *   {"choices": [50, 100]}      one of these
 *
 * One random number a setting and trial, in the order in which the hyperparameters are declared, all from one seed.
 */
import { z } from 'zod';
import { RecollectError } from '../../errors.js';
import type { Hyperparameters } from '../hyperparameters.js';
import { Random } from '../random.js';
import { rules, settingNames, withSettings, type Setting, type Settings } from '../recipe.js';

const bounds = z
  .tuple([z.number(), z.number()])
  .refine(([low, high]) => low < high, 'must be two numbers, the smaller one first');
const domain = z
  .strictObject({
    log: bounds.refine(([low]) => low > 0, 'must lie above 0: 0 has no logarithm').optional(),
    range: bounds.optional(),
    choices: z
      .array(z.union([z.number(), z.boolean()]))
      .min(1)
      .refine((values) => new Set(values).size === values.length, 'names a value twice')
      .optional(),
  })
  .refine((given) => Object.keys(given).length === 1, 'needs one of "log", "range" and "choices"');

export type Domain = z.infer<typeof domain>;
export type Space = Readonly<Partial<Record<Setting, Domain>>>;

/** What a study does not search, and why. */
const fixed: Readonly<Partial<Record<Setting, string>>> = {
  epochs:
    'is set by the rungs; a longer training of the last one is RECOLLECT_TRAIN_EPOCHS at the creation of the study',
  seed: 'is the same for all trials, so that they differ in their settings alone',
  validationUsers: 'is the same for all trials: they are asked for the same users',
  testUsers: 'is 0: a study does not look at the test',
  chunk: 'changes the time of a training, not its result',
};

/**
 * Not in it: what an early rung cannot judge (the average of the weights, small batches), what changes the size of the
 * memories and the time of an answer (width, slots, heads, blocks), and what only takes time.
 */
export const defaultSpace: Space = {
  dropout: { range: [0.1, 0.6] },
  window: { choices: [50, 100, 200] },
  learningRate: { log: [5e-4, 1e-2] },
  recencyDecay: { choices: [0.8, 0.9, 1] },
  recencyFloor: { range: [0.1, 0.5] },
  labelSmoothing: { range: [0, 0.2] },
};

/** Throws BAD_INPUT with every fault; `where` names the file. */
export function readSpace(text: string, where: string): Space {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw wrong(where, [`is not JSON: ${(cause as Error).message}`]);
  }
  const names = z.record(z.string(), z.unknown()).safeParse(json);
  if (!names.success || Object.keys(names.data).length === 0) {
    throw wrong(where, ['must be an object such as {"learningRate": {"log": [5e-4, 1e-2]}}']);
  }
  const entries = Object.entries(names.data).map(([name, value]) => ({ name, ...readDomain(name, value) }));
  const faults = entries.flatMap((entry) => entry.faults.map((fault) => `${entry.name}${fault}`));
  if (faults.length > 0) throw wrong(where, faults);
  return Object.fromEntries(entries.map((entry) => [entry.name, entry.domain]));
}

function readDomain(name: string, value: unknown): { readonly domain?: Domain; readonly faults: readonly string[] } {
  const setting = settingNames.find((known) => known === name);
  if (setting === undefined) {
    const searched = settingNames.filter((known) => fixed[known] === undefined);
    return { faults: [` is no hyperparameter; there are ${searched.join(', ')}`] };
  }
  if (fixed[setting] !== undefined) return { faults: [` ${fixed[setting]}`] };
  const parsed = domain.safeParse(value);
  if (!parsed.success) {
    return { faults: parsed.error.issues.map(({ path, message }) => `${['', ...path].join('.')}: ${message}`) };
  }
  const { log, range, choices } = parsed.data;
  const faults = (log ?? range ?? choices ?? []).flatMap((one) => {
    const checked = rules[setting].safeParse(one);
    return checked.success ? [] : [`: ${one} can not be: ${checked.error.issues[0]?.message ?? 'wrong'}`];
  });
  return { domain: parsed.data, faults };
}

/** Draws the settings of all trials; the first one has none: it is the recipe itself. No two of them are the same. */
export function drawTrials(space: Space, recipe: Hyperparameters, trials: number, seed: number): readonly Settings[] {
  refuseUndividedWidth(space, recipe);
  const random = new Random(seed);
  const drawn: Settings[] = [{}];
  const known = new Set([JSON.stringify(recipe)]);
  for (let repeats = 0; drawn.length < trials;) {
    const settings = draw(space, random);
    const whole = JSON.stringify(withSettings(recipe, settings));
    if (!known.has(whole)) {
      known.add(whole);
      drawn.push(settings);
      repeats = 0;
    } else if (++repeats === mostRepeats) {
      throw new RecollectError(
        'BAD_INPUT',
        `the space gives only ${drawn.length} different trials with the recipe itself, not ${trials}: ask for fewer, or widen it`,
      );
    }
  }
  return drawn;
}

/** Draws without anything new after which a space is taken to be used up. */
const mostRepeats = 10_000;

function draw(space: Space, random: Random): Settings {
  const values = settingNames.flatMap((setting) => {
    const given = space[setting];
    return given === undefined ? [] : [[setting, drawValue(given, isWhole(setting), random.next())]];
  });
  return Object.fromEntries(values) as Settings;
}

/** `u` uniform in [0, 1). Numbers are cut to three digits, which is more than a score can tell apart. */
export function drawValue({ log, range, choices }: Domain, whole: boolean, u: number): number | boolean {
  if (choices !== undefined) return choices[Math.floor(u * choices.length)] ?? false;
  const [low, high] = log ?? range ?? [0, 0];
  if (whole && range !== undefined) return low + Math.floor(u * (high - low + 1));
  const value = log === undefined ? low + u * (high - low) : low * (high / low) ** u;
  const short = whole ? Math.round(value) : Number(value.toPrecision(3));
  return Math.min(high, Math.max(low, short));
}

function isWhole(setting: Setting): boolean {
  const rule = rules[setting];
  return rule.type === 'number' && rule.format !== null;
}

/** Each combination of heads and width that can be drawn has to be a network. */
function refuseUndividedWidth(space: Space, recipe: Hyperparameters): void {
  for (const width of wholes(space.width, recipe.width)) {
    for (const heads of wholes(space.heads, recipe.heads)) {
      if (width % heads === 0) continue;
      throw new RecollectError(
        'BAD_INPUT',
        `the space can draw ${heads} heads at width ${width}, which they do not divide: give choices for both that fit`,
      );
    }
  }
}

function wholes(given: Domain | undefined, otherwise: number): readonly number[] {
  if (given === undefined) return [otherwise];
  if (given.choices !== undefined) return given.choices.map(Number);
  const [low, high] = given.log ?? given.range ?? [0, -1];
  return Array.from({ length: high - low + 1 }, (_, n) => low + n);
}

function wrong(where: string, faults: readonly string[]): RecollectError {
  return new RecollectError('BAD_INPUT', `the space in ${where} is wrong:\n  ${faults.join('\n  ')}`);
}
