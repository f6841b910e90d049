/**
 * The recipe of a training: what fits a log of this size, with what the operator set in RECOLLECT_TRAIN_RECIPE and
 * RECOLLECT_TRAIN_EPOCHS in its place. Here stands also which values each hyperparameter may have.
 */
import { z } from 'zod';
import { largestOutputLength } from '../model/checkpoint.js';
import { largestOutcome, outcomeRules } from '../model/outcome.js';
import { defaultHyperparameters, recipeFor, type Hyperparameters } from './hyperparameters.js';

const whole = (least: number, most: number) => z.number().int().min(least).max(most);
/** 0 <= x < 1 */
const share = z.number().min(0).lt(1);

const power = z.number().min(0).max(4);

/** The values that each hyperparameter may have. */
export const rules = {
  width: whole(1, 1_024),
  slots: whole(0, 64),
  heads: whole(1, 64),
  kindVectors: z.boolean(),
  gapBuckets: whole(0, 64),
  outputLength: z.number().min(0).max(largestOutputLength),
  itemStart: z.enum(['chance', 'cooccurrence']),
  blocks: whole(1, 8),
  dropout: share,
  epochs: whole(1, 1_000),
  patience: whole(0, 1_000),
  batchPositions: whole(1, 1_000_000),
  window: whole(2, 10_000),
  learningRate: z.number().positive().max(1),
  clipNorm: z.number().positive(),
  averageDecay: share,
  recencyDecay: z.number().positive().max(1),
  recencyFloor: z.number().min(0).max(1),
  recencyHalfLife: z.number().min(0).max(100),
  outcomes: z.array(
    z.strictObject({
      kind: z.string().min(1),
      atLeast: z.number().exactOptional(),
      atMost: z.number().exactOptional(),
      weight: z.number().min(-largestOutcome).max(largestOutcome),
    }),
  ),
  outcomesThroughout: z.boolean(),
  pairWeight: z.number().min(0),
  labelledEpochs: whole(0, 1_000),
  labelledRate: z.number().positive().max(1),
  labelledPairWeight: z.number().min(0),
  chunk: whole(1, 1_024),
  labelSmoothing: share,
  sampledAbove: whole(0, 1e9),
  negatives: whole(1, 1_000_000),
  rulesPerItem: whole(1, 10_000),
  rulesBackward: z.number().min(0).max(1),
  rulesGapPower: power,
  rulesTargetPower: power,
  rulesPlacePower: power,
  validationUsers: whole(1, Number.MAX_SAFE_INTEGER),
  testUsers: whole(0, Number.MAX_SAFE_INTEGER),
  seed: whole(0, 2 ** 32 - 1),
} satisfies { readonly [K in keyof Hyperparameters]-?: z.ZodType<Hyperparameters[K]> };

export type Setting = keyof typeof rules;
export const settingNames = Object.keys(rules) as readonly Setting[];

/** Some hyperparameters, to be set in a recipe. */
export type Settings = { readonly [K in Setting]?: Hyperparameters[K] | undefined };

export const recipeSettings: z.ZodType<Settings> = z
  .strictObject(rules)
  .partial()
  .superRefine(({ width = defaultHyperparameters.width, heads = defaultHyperparameters.heads }, context) => {
    if (width % heads === 0) return;
    const message = `${heads} do not divide the width ${width}: take a divisor of it`;
    context.addIssue({ code: 'custom', path: ['heads'], message });
  });

/** What the settings say of the recipe. */
export type RecipeConfig = Parameters<typeof outcomeRules>[0] & {
  readonly trainRecipe: Settings | null;
  readonly trainEpochs: number | null;
  readonly trainOutcomeStages: 'labelled' | 'all';
};

/** What a training takes of a log of this size. */
export function recipeOf(
  { trainRecipe, trainEpochs, trainOutcomeStages, ...worth }: RecipeConfig,
  log: { readonly interactions: number; readonly users: number },
): Hyperparameters {
  const outcomes = { outcomes: outcomeRules(worth), outcomesThroughout: trainOutcomeStages === 'all' };
  const sized = recipeFor({ events: log.interactions, users: log.users });
  const recipe = withSettings({ ...sized, ...outcomes }, trainRecipe ?? {});
  return { ...recipe, epochs: trainEpochs ?? recipe.epochs };
}

/** The recipe with these of its hyperparameters set. */
export function withSettings(recipe: Hyperparameters, settings: Settings): Hyperparameters {
  return { ...recipe, ...(settings as Partial<Hyperparameters>) };
}
