import { describe, expect, it } from '@jest/globals';
import { defaultHyperparameters, recipeFor } from './hyperparameters.js';
import { recipeOf, recipeSettings, settingNames } from './recipe.js';

const log = { interactions: 200_000, users: 22_000 };

describe('the recipe of a training', () => {
  it('is the one for a log of this size where nothing is set', () => {
    expect(recipeOf({ trainRecipe: null, trainEpochs: null }, log)).toEqual(
      recipeFor({ events: 200_000, users: 22_000 }),
    );
  });

  it('has what the operator set in its place', () => {
    expect(recipeOf({ trainRecipe: { dropout: 0.1, slots: 8 }, trainEpochs: 3 }, log)).toEqual({
      ...recipeFor({ events: 200_000, users: 22_000 }),
      dropout: 0.1,
      slots: 8,
      epochs: 3,
    });
    expect(recipeOf({ trainRecipe: { epochs: 7 }, trainEpochs: null }, log).epochs).toBe(7);
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
