/**
 * Peak memory and seconds of a whole training in the trainer's child process, one epoch: a log of MovieLens 1M's shape, and a
 * catalogue of a million items, which trains with sampled softmax. From reading the log to the written checkpoint; the blend and
 * the test are asked for 1,000 users each, whose number changes the seconds of judging and not the memory.
 */
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { recipeFor } from '../../src/training/hyperparameters.js';
import { userCount, writeSequences } from '../../src/training/log/sequences.js';
import { trainInChild } from '../../src/training/trainer-child.js';
import { films, market, syntheticLog, type LogShape } from './synthetic-log.js';

const entry = fileURLToPath(new URL('trainer-with-peak.js', import.meta.url));
const judgedUsers = 1_000;

/** Where the progress of a training says that a stage begins. */
const stages: Readonly<Record<string, string>> = {
  'EVALUATION 0': 'countingRulesAndChoosingBlend',
  'EVALUATION 1': 'test',
  'EVALUATION 2': 'writing',
};

async function measure(shape: LogShape): Promise<Readonly<Record<string, unknown>>> {
  const folder = await mkdtemp(join(tmpdir(), 'recollect-bench-'));
  try {
    const log = syntheticLog(shape);
    const size = { events: log.users.rows.length, users: userCount(log.users) };
    const job = { inputFile: join(folder, 'log'), outputFile: join(folder, 'checkpoint') };
    await writeSequences(job.inputFile, log);
    const seconds: Record<string, number> = {};
    let stage = 'readingAndEpoch';
    let since = performance.now();
    const enter = (next: string): void => {
      const now = performance.now();
      seconds[stage] = Number(((seconds[stage] ?? 0) + (now - since) / 1000).toFixed(1));
      [stage, since] = [next, now];
    };
    const limits = { epochs: 1, validationUsers: judgedUsers, testUsers: judgedUsers };
    const result = await trainInChild(
      {
        ...job,
        device: 'cpu',
        hyperparameters: { ...recipeFor(size), ...limits },
      },
      {
        entry,
        threads: 1,
        signal: new AbortController().signal,
        onNews: (news) => {
          if (news.type !== 'progress') return;
          const { phase, step, steps, secondsLeft } = news.progress;
          const next = stages[`${phase} ${step}`];
          if (next !== undefined) enter(next);
          process.stderr.write(`${phase} ${step}/${steps} ${secondsLeft?.toFixed(0) ?? ''}\n`);
        },
      },
    );
    enter('');
    const used = JSON.parse(await readFile(`${job.outputFile}-used.json`, 'utf8')) as NodeJS.ResourceUsage;
    return {
      ...size,
      items: result.items,
      peakMb: Math.round(used.maxRSS / 1024),
      checkpointMb: Math.round((await stat(job.outputFile)).size / 2 ** 20),
      processorSeconds: Math.round((used.userCPUTime + used.systemCPUTime) / 1e6),
      seconds,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const only = process.argv[2];
const figures: Record<string, unknown> = {};
for (const [name, shape] of Object.entries({ films, market })) {
  if (only === undefined || only === name) figures[name] = await measure(shape);
}
process.stdout.write(`${JSON.stringify({ bench: 'training-memory', ...figures })}\n`);
