import { Option, type Command } from 'commander';
import { RecollectError } from '../errors.js';
import type { Estimate } from '../training/evaluation/bootstrap.js';
import type { LiveSplit } from '../training/evaluation/live-cases.js';
import { evaluateLive, type LiveEvaluation } from '../training/evaluation/live-evaluation.js';
import type { SeenItems } from '../training/log/split.js';
import { systemNames, type SystemName } from '../training/training-job.js';
import { withDatabase } from './database.js';

interface Options {
  readonly model?: string;
  readonly split: LiveSplit;
  readonly seen: SeenItems;
  readonly users: string;
}

const labels: Readonly<Record<SystemName, string>> = {
  model: 'model',
  modelWithoutBlend: 'model without the rules blend',
  popularity: 'popularity',
  markov: 'first-order Markov',
  rules: 'sequential rules',
};

export function addEvaluateCommand(program: Command): void {
  program
    .command('evaluate')
    .description('ask a stored model about the log: figures of full ranking beside what counting gives')
    .option('--model <version>', 'which model; default: the one that serves')
    .addOption(
      new Option('--split <split>', 'the last interaction of each user, or only what came after the training')
        .choices(['leave-one-out', 'time'])
        .default('leave-one-out'),
    )
    .addOption(
      new Option('--seen <seen>', 'whether items of the history are in the ranking')
        .choices(['removed', 'kept'])
        .default('removed'),
    )
    .option('--users <count>', 'ask for at most this many users, drawn by a fixed seed', '20000')
    .action(async ({ model, split, seen, users }: Options) => {
      const question = {
        version: model === undefined ? null : readCount('--model', model),
        split,
        seen,
        users: readCount('--users', users),
      };
      await withDatabase(async (dataSource, { databaseSchema }) => {
        print(await evaluateLive(dataSource, databaseSchema, question), question);
      });
    });
}

export function readCount(option: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new RecollectError('BAD_INPUT', `${option} ${text} is not a whole number above 0`);
}

function print(evaluation: LiveEvaluation, { split, seen }: Pick<Options, 'split' | 'seen'>): void {
  const { version, users, cases, interactions, since, late, systems } = evaluation;
  const lines = [
    `Model ${version}, ${split}: ${cases} interactions of ${users} users, all items ranked, seen ones ${seen}, ties against the model.`,
    `The log has ${interactions} interactions, ${since} of them arrived after the model's cut, ${late} of these late.`,
    '',
    `${' '.repeat(31)}HR@10 [95 %]            NDCG@10 [95 %]          MRR@10  coverage    Gini  novelty`,
    ...systemNames.map((name) => {
      const { hrAt10, ndcgAt10, mrrAt10, coverageAt10, giniAt10, noveltyAt10 } = systems[name];
      const shown = [mrrAt10.value.toFixed(4), coverageAt10.toFixed(4), giniAt10.toFixed(4), noveltyAt10.toFixed(2)];
      const [mrr = '', coverage = '', gini = '', novelty = ''] = shown;
      const exposure = `${mrr}    ${coverage}  ${gini}  ${novelty.padStart(7)}`;
      return `${labels[name].padEnd(31)}${interval(hrAt10)}  ${interval(ndcgAt10)}  ${exposure}`;
    }),
    JSON.stringify({ split, seen, ...evaluation }, (_, value: unknown) => rounded(value)),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function interval({ value, low, high }: Estimate): string {
  return `${value.toFixed(4)} [${low.toFixed(4)}, ${high.toFixed(4)}]`;
}

function rounded(value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toFixed(4)) : value;
}
