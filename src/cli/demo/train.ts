/** Starts the first training as an operator would, follows it, and prints what came out beside the baselines. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { GraphqlClient } from './graphql-client.js';
import { progress } from './progress.js';

interface Figures {
  readonly hrAt10: number;
  readonly ndcgAt10: number;
}

interface Run {
  readonly status: string;
  readonly errorMessage: string | null;
  readonly progress: {
    readonly phase: string;
    readonly epoch: number;
    readonly epochs: number;
    readonly step: number;
    readonly steps: number;
    readonly loss: number | null;
  } | null;
  readonly epochs: readonly {
    readonly epoch: number;
    readonly loss: number;
    readonly validationNdcgAt10: number | null;
  }[];
}

interface Live {
  readonly version: number;
  readonly metrics: { readonly testedUsers: number } & Readonly<
    Partial<Record<'model' | 'modelWithoutBlend' | 'popularity' | 'markov' | 'rules', Figures>>
  >;
}

const liveModelQuery = `{ liveModel { version metrics { testedUsers ${['model', 'modelWithoutBlend', 'popularity', 'markov', 'rules'].map((name) => `${name} { hrAt10 ndcgAt10 }`).join(' ')} } } }`;

/** Does nothing where a model serves already. */
export async function trainFirstModel(client: GraphqlClient): Promise<void> {
  let live = await liveModel(client);
  if (live === null) {
    const { startTraining } = await client.request<{ startTraining: { trainingRun: { id: string } | null } }>(
      'mutation { startTraining(input: { reason: "first model of the demo" }) { trainingRun { id } } }',
    );
    if (startTraining.trainingRun === null) throw new Error('the training was not started');
    await follow(client, startTraining.trainingRun.id);
    for (let waited = 0; live === null && waited < 10_000; waited += 200) {
      await sleep(200);
      live = await liveModel(client);
    }
  }
  if (live === null) throw new Error('the trained model was not promoted: query trainingRuns for the reason');
  print(live);
}

async function liveModel(client: GraphqlClient): Promise<Live | null> {
  return (await client.request<{ liveModel: Live | null }>(liveModelQuery)).liveModel;
}

async function follow(client: GraphqlClient, id: string): Promise<void> {
  const bar = progress('training', 1000);
  for (;;) {
    const { trainingRun } = await client.request<{ trainingRun: Run }>(
      `query ($id: ID!) { trainingRun(id: $id) { status errorMessage
         progress { phase epoch epochs step steps loss } epochs { epoch loss validationNdcgAt10 } } }`,
      { id },
    );
    const { status, progress: now, epochs } = trainingRun;
    if (now !== null) {
      const part = now.steps === 0 ? 0 : now.step / now.steps;
      const epochsDone = now.epochs === 0 ? 0 : Math.max(0, now.epoch - 1 + part) / now.epochs;
      const done = now.phase === 'TRAINING' ? 1000 * epochsDone : now.phase === 'SNAPSHOT' ? 0 : 1000;
      const best = Math.max(...epochs.map(({ validationNdcgAt10 }) => validationNdcgAt10 ?? 0), 0);
      bar.update(
        done,
        `${now.phase.toLowerCase()}, epoch ${now.epoch}, loss ${now.loss?.toFixed(3) ?? '-'}, best validation NDCG@10 ${best.toFixed(4)}`,
      );
    }
    if (status === 'SUCCEEDED') break;
    if (status !== 'QUEUED' && status !== 'RUNNING') {
      bar.stop();
      throw new Error(
        `the training ended ${status}: ${trainingRun.errorMessage ?? 'query trainingRun for its result'}`,
      );
    }
    await sleep(500);
  }
  bar.stop();
}

function print({ version, metrics }: Live): void {
  const rows = [
    ['model', metrics.model],
    ['model without the rules blend', metrics.modelWithoutBlend],
    ['sequential rules', metrics.rules],
    ['first-order Markov', metrics.markov],
    ['popularity', metrics.popularity],
  ] as const;
  process.stdout.write(
    `\nModel ${version} serves. Leave-one-out test of ${metrics.testedUsers} users, all films ranked:        HR@10  NDCG@10\n`,
  );
  for (const [name, figures] of rows) {
    if (figures === undefined) continue;
    process.stdout.write(`  ${name.padEnd(67)} ${figures.hrAt10.toFixed(4)}   ${figures.ndcgAt10.toFixed(4)}\n`);
  }
}
