import { describe, expect, it } from '@jest/globals';
import { defaultHyperparameters } from '../hyperparameters.js';
import { defaultSpace, drawTrials, drawValue, readSpace, type Domain } from './search-space.js';

const recipe = defaultHyperparameters;

describe('a drawn value', () => {
  it.each<[Domain, number, number | boolean]>([
    // a quarter of the way from 0.1 to 0.5; of the logarithm from 1e-4 to 1: one decade
    [{ range: [0.1, 0.5] }, 0.25, 0.2],
    [{ log: [1e-4, 1] }, 0.25, 1e-3],
    [{ log: [1e-4, 1] }, 0, 1e-4],
    [{ range: [0.12345, 0.5] }, 0, 0.12345], // three digits would lie below
    [{ range: [0, 1] }, 0.123456, 0.123],
    [{ choices: [50, 100, 200] }, 0.34, 100],
    [{ choices: [true, false] }, 0.99, false],
  ])('of %j at %f is %s', (given, u, value) => {
    expect(drawValue(given, false, u)).toBe(value);
  });

  it('of whole numbers is each of them, the last one as often as the first', () => {
    const drawn = [0, 0.32, 0.34, 0.66, 0.67, 0.999].map((u) => drawValue({ range: [2, 4] }, true, u));
    expect(drawn).toEqual([2, 2, 3, 3, 4, 4]);
    expect(drawValue({ log: [16, 64] }, true, 0.5)).toBe(32);
  });
});

describe('the trials of a study', () => {
  it('are the same for the same seed, others for another, and the first one changes nothing', () => {
    const trials = drawTrials(defaultSpace, recipe, 27, 1);
    expect(drawTrials(defaultSpace, recipe, 27, 1)).toEqual(trials);
    expect(drawTrials(defaultSpace, recipe, 27, 2)).not.toEqual(trials);
    expect(trials[0]).toEqual({});
    // the shorter study is the beginning of the longer one
    expect(drawTrials(defaultSpace, recipe, 9, 1)).toEqual(trials.slice(0, 9));
  });

  it('lie within the space, and all over it', () => {
    const space = readSpace(
      '{"learningRate": {"log": [1e-4, 1e-2]}, "dropout": {"range": [0.2, 0.4]}, "slots": {"range": [2, 5]}, "window": {"choices": [50, 100]}}',
      'it',
    );
    const drawn = drawTrials(space, recipe, 401, 3).slice(1);
    const rates = drawn.map(({ learningRate = 0 }) => learningRate);
    const dropouts = drawn.map(({ dropout = 0 }) => dropout);
    expect(Math.min(...rates)).toBeGreaterThanOrEqual(1e-4);
    expect(Math.max(...rates)).toBeLessThanOrEqual(1e-2);
    // of 400 as many lie in the lower decade as in the upper one, 4 standard errors: 40
    expect(Math.abs(rates.filter((rate) => rate < 1e-3).length - 200)).toBeLessThan(40);
    expect(Math.min(...dropouts)).toBeGreaterThanOrEqual(0.2);
    expect(Math.max(...dropouts)).toBeLessThanOrEqual(0.4);
    expect([...new Set(drawn.map(({ slots }) => slots))].sort()).toEqual([2, 3, 4, 5]);
    expect(new Set(drawn.map(({ window }) => window))).toEqual(new Set([50, 100]));
    expect(Object.keys(drawn[0] ?? {}).sort()).toEqual(['dropout', 'learningRate', 'slots', 'window']);
  });

  it('are all different, also from the recipe', () => {
    const space = readSpace('{"slots": {"choices": [4, 8]}, "window": {"choices": [100, 200]}}', 'it');
    const trials = drawTrials(space, recipe, 4, 1); // the recipe has 4 slots and a window of 200
    expect(new Set(trials.map((trial) => JSON.stringify(trial))).size).toBe(4);
    expect(trials).not.toContainEqual({ slots: 4, window: 200 });
    expect(() => drawTrials(space, recipe, 5, 1)).toThrow(/only 4 different trials with the recipe itself, not 5/);
  });

  it('are not drawn where heads and width would make no network', () => {
    const both = (heads: string, width: string) =>
      drawTrials(readSpace(`{"heads": ${heads}, "width": ${width}}`, 'it'), recipe, 2, 1);
    expect(both('{"choices": [2, 4]}', '{"choices": [32, 64]}')).toHaveLength(2);
    expect(() => both('{"choices": [2, 4]}', '{"range": [60, 64]}')).toThrow(/2 heads at width 61/);
    expect(() => drawTrials(readSpace('{"heads": {"range": [1, 4]}}', 'it'), recipe, 2, 1)).toThrow(
      /3 heads at width 64/,
    );
  });
});

describe('a space', () => {
  it('that is the default one can be read as it is', () => {
    expect(readSpace(JSON.stringify(defaultSpace), 'it')).toEqual(defaultSpace);
  });

  it.each([
    ['{"dropout": ', /the space in it is wrong:\n {2}is not JSON/],
    ['[]', /must be an object such as/],
    ['{}', /must be an object such as/],
    ['{"dropuot": {"range": [0, 0.5]}}', /dropuot is no hyperparameter; there are width, slots, .*labelSmoothing/],
    ['{"epochs": {"choices": [4, 8]}}', /epochs is set by the rungs/],
    ['{"seed": {"choices": [1, 2]}}', /seed is the same for all trials/],
    ['{"dropout": 0.5}', /dropout: .*expected object/],
    ['{"dropout": {}}', /dropout: needs one of "log", "range" and "choices"/],
    ['{"dropout": {"range": [0.1, 0.5], "choices": [0]}}', /dropout: needs one of/],
    ['{"dropout": {"between": [0.1, 0.5]}}', /dropout: .*between/],
    ['{"dropout": {"range": [0.5, 0.1]}}', /dropout\.range: must be two numbers, the smaller one first/],
    ['{"dropout": {"range": [0.5]}}', /dropout\.range: /],
    ['{"dropout": {"range": [0.5, 1]}}', /dropout: 1 can not be: .*<1/],
    ['{"labelSmoothing": {"log": [0, 0.1]}}', /labelSmoothing\.log: must lie above 0/],
    ['{"slots": {"range": [1.5, 4]}}', /slots: 1.5 can not be: .*int/],
    ['{"kindVectors": {"range": [0, 1]}}', /kindVectors: 0 can not be: .*boolean/],
    ['{"window": {"choices": []}}', /window\.choices: /],
    ['{"window": {"choices": [50, 50]}}', /window\.choices: names a value twice/],
    [
      '{"dropout": {"range": [-1, 0.1]}, "heads": {"choices": [true]}}',
      /dropout: -1 can not be[^]*heads: true can not/,
    ],
  ])('%s is refused, and it says where', (text, fault) => {
    expect(() => readSpace(text, 'it')).toThrow(fault);
  });
});
