/** A share of the histories of a run, in a schema of its own. */
import { parentPort, workerData } from 'node:worker_threads';
import { freshDatabase } from '../fresh-database.js';
import { Simulation } from './simulation.js';

export interface Share {
  readonly databaseUrl: string;
  readonly schema: string;
  readonly from: number;
  /** one past the last seed */
  readonly to: number;
  readonly step: number;
}

const { databaseUrl, schema, from, to, step } = workerData as Share;
process.env.RECOLLECT_TEST_DATABASE_URL = databaseUrl;
const database = await freshDatabase(schema);
const simulation = await Simulation.prepare(database);
for (let seed = from; seed < to; seed += step) parentPort?.postMessage({ seed, outcome: await simulation.run(seed) });
await simulation.close();
await database.drop();
