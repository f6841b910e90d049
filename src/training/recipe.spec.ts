import { describe, expect, it } from '@jest/globals';
import { defaultHyperparameters, recipeFor } from './hyperparameters.js';
import { recipeOf, recipeSettings, settingNames, type RecipeConfig } from './recipe.js';

const unset: RecipeConfig = {
  trainRecipe: null,
  trainEpochs: null,
  trainOutcomes: { rules: [], kinds: false },
  trainOutcomeStages: 'labelled',
  kinds: {},
};
const log = { interactions: 200_000, users: 22_000 };

describe('the recipe of a training', () => {
  it('is the one for a log of this size where nothing is set', () => {
    expect(recipeOf(unset, log)).toEqual(recipeFor({ events: 200_000, users: 22_000 }));
  });

  it('has what the operator set in its place', () => {
    expect(recipeOf({ ...unset, trainRecipe: { dropout: 0.1, slots: 8 }, trainEpochs: 3 }, log)).toEqual({
      ...recipeFor({ events: 200_000, users: 22_000 }),
      dropout: 0.1,
      slots: 8,
      epochs: 3,
    });
    expect(recipeOf({ ...unset, trainRecipe: { epochs: 7 } }, log).epochs).toBe(7);
  });

  it('has the outcomes of the settings, and of the recipe that the operator set where there are some', () => {
    const trainOutcomes = { rules: [{ kind: 'like', weight: 3 }], kinds: false };
    const all = { ...unset, trainOutcomes, trainOutcomeStages: 'all' } as const;
    expect(recipeOf(all, log)).toMatchObject({ outcomes: trainOutcomes.rules, outcomesThroughout: true });
    const outcomes = [{ kind: 'view', atLeast: 2, weight: -1 }];
    expect(recipeOf({ ...all, trainRecipe: { outcomes } }, log).outcomes).toEqual(outcomes);
  });

  it('may have every value that a recipe of the program has', () => {
    expect([...settingNames].sort()).toEqual(Object.keys(defaultHyperparameters).sort());
    for (const recipe of [
      defaultHyperparameters,
      recipeFor({ events: 10_000, users: 5_000 }),
      recipeFor({ events: 1e7, users: 1e5 }),
    ]) {
      expect(recipeSettings.parse(recipe)).toEqual(recipe);
    }
  });

  it.each([
    [{ dropuot: 0.1 }, /dropuot/],
    [{ dropout: 1 }, /dropout/],
    [{ slots: 1.5 }, /slots/],
    [{ heads: 3 }, /3 do not divide the width 64/],
    [{ width: 12, heads: 8 }, /8 do not divide the width 12/],
    [{ kindVectors: 'yes' }, /kindVectors/],
  ])('can not have %j set', (settings, fault) => {
    expect(() => recipeSettings.parse(settings)).toThrow(fault);
  });
});
