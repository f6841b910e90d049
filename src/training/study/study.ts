/**
 * A study: which settings of the recipe learn this log best, by random search and successive halving.
 *
 *   create   cut through the log -> recipe of a training run -> draw all trials -> rows
 *   run      snapshot up to the cut -> file -> rung by rung, trial by trial: child process trains, figures of validation stored
 *
 * All that a study will do is settled at its creation: the interactions that it learns from, the recipe of its first trial, the
 * settings of the others.
 */
import type { DataSource } from 'typeorm';
import type { Config } from '../../config.js';
import { RecollectError } from '../../errors.js';
import { takeCut } from '../../storage/log-cut.store.js';
import type { StudyEntity, StudyTrialEntity } from '../../storage/study.entity.js';
import { insertStudy } from '../../storage/study.store.js';
import { rungsOf, type Rung } from './halving.js';
import { defaultHyperparameters, type Hyperparameters } from '../hyperparameters.js';
import { recipeOf, recipeSettings, withSettings, type RecipeConfig } from '../recipe.js';
import { drawTrials, type Space } from './search-space.js';
import { takeSnapshot } from '../log/snapshot.js';

export interface NewStudy {
  readonly name: string;
  readonly trials: number;
  readonly eta: number;
  readonly seed: number;
  readonly space: Space;
}

/** Throws BAD_INPUT for a name that is taken, and for a space without so many trials. */
export async function createStudy(
  dataSource: DataSource,
  config: Pick<Config, 'databaseSchema'> & RecipeConfig,
  { name, trials, eta, seed, space }: NewStudy,
): Promise<void> {
  const cut = await takeCut(dataSource.manager, config.databaseSchema);
  const { window } = await takeSnapshot(dataSource, cut, new AbortController().signal);
  const recipe = recipeOf(config, window);
  const settings = drawTrials(space, recipe, trials, seed);
  const overrides = { ...config.trainRecipe };
  const study = { name, dataWindow: window, recipe: { ...recipe }, overrides, space, eta, seed: String(seed) };
  if (await dataSource.transaction(async (tx) => insertStudy(tx, study, settings))) return;
  throw new RecollectError('BAD_INPUT', `there is a study ${name} already; \`study run ${name}\` goes on with it`);
}

/** The recipe of the first trial. What the program has learned to set since the study was made is at its default. */
export function recipeOfStudy({ recipe }: Pick<StudyEntity, 'recipe'>): Hyperparameters {
  return withSettings(defaultHyperparameters, recipeSettings.parse(recipe));
}

export function rungsOfStudy(study: Pick<StudyEntity, 'trials' | 'eta' | 'recipe'>): readonly Rung[] {
  return rungsOf(study.trials.length, study.eta, recipeOfStudy(study).epochs);
}

export function recipeOfTrial(study: Pick<StudyEntity, 'recipe'>, trial: StudyTrialEntity): Hyperparameters {
  return withSettings(recipeOfStudy(study), recipeSettings.parse(trial.settings));
}
