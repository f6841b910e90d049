import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freshDatabase, type FreshDatabase } from '../fresh-database.js';
import { Simulation } from './simulation.js';

/** `npm run test:simulation -- --seed 17` runs one alone, `--seeds 1000` many more. */
const seeds = 25;

describe('the write path in histories drawn by a seed', () => {
  let database: FreshDatabase;
  let simulation: Simulation;
  beforeAll(async () => {
    database = await freshDatabase('simulation_spec');
    simulation = await Simulation.prepare(database);
  });
  afterAll(async () => {
    await simulation.close();
    await database.drop();
  });

  it('leaves what a pure model says, row for row and bit for bit, whatever went wrong meanwhile', async () => {
    const failed = new Map<number, readonly string[]>();
    const met: Record<string, number> = {};
    for (let seed = 0; seed < seeds; seed++) {
      const { faults, figures } = await simulation.run(seed);
      for (const [name, figure] of Object.entries(figures)) met[name] = (met[name] ?? 0) + figure;
      if (faults.length > 0) failed.set(seed, faults);
    }
    expect(Object.fromEntries(failed)).toEqual({});
    for (const [name, figure] of Object.entries(met)) expect([name, figure > 0]).toEqual([name, true]); // it met all of them
  }, 900_000);

  it('goes the same way again for the same seed', async () => {
    const wild = 9; // connections are lost in it, and processes die
    const first = await simulation.run(wild);
    expect(first.figures.lost).toBeGreaterThan(0);
    expect(await simulation.run(wild)).toEqual(first);
  }, 120_000);
});
