import { describe, expect, it } from '@jest/globals';
import { defaultHyperparameters, recipeFor } from './hyperparameters.js';

describe('recipeFor', () => {
  it('is the default one for some hundred thousand interactions', () => {
    expect(recipeFor({ events: 100_000, users: 600 })).toEqual(defaultHyperparameters);
  });

  it('takes larger batches, less dropout and more epochs for a large log', () => {
    expect(recipeFor({ events: 1_000_000, users: 6_000 })).toMatchObject({
      dropout: 0.2,
      batchPositions: 4096,
      learningRate: 2e-3,
      epochs: 54,
      averageDecay: 0.999,
    });
    expect(recipeFor({ events: 200_000, users: 1_000 })).toMatchObject({ dropout: 0.3, batchPositions: 2000 });
  });

  it('takes more dropout where users have few interactions', () => {
    expect(recipeFor({ events: 200_000, users: 22_000 })).toMatchObject({
      dropout: 0.5,
      recencyDecay: 0.8,
    });
    expect(recipeFor({ events: 0, users: 0 })).toMatchObject({ dropout: 0.5, batchPositions: 1024 });
  });
});
