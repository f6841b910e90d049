/**
 * Asks a stored model about the log in Postgres: the serving network replays each user's history and ranks every item, beside
 * the same network without the rules blend and what counting its training data gives. Needs no training library.
 */
import type { DataSource } from 'typeorm';
import { RecollectError } from '../../errors.js';
import type { Network } from '../../model/network.js';
import { loadNetwork } from '../../promotion/network-loader.js';
import { takeCut } from '../../storage/log-cut.store.js';
import { findLiveModel, findModel } from '../../storage/model.store.js';
import { readLog } from '../../storage/training-snapshot.store.js';
import { sequentialRules } from './baselines.js';
import { casesPerUser } from '../log/held-out.js';
import { judgeSystems } from './judge-systems.js';
import { LiveCaseCollector, type LiveCases, type LiveSplit } from './live-cases.js';
import { Random } from '../random.js';
import { replayScoring } from './replay-scoring.js';
import type { Case, SeenItems } from '../log/split.js';
import { systemFigures, type SystemFigures } from './system-figures.js';
import type { SystemName } from '../training-job.js';
import { frequencies } from './transitions.js';

export interface LiveQuestion {
  /** null: the model that serves */
  readonly version: number | null;
  readonly split: LiveSplit;
  readonly seen: SeenItems;
  /** most users that are asked for, drawn by a fixed seed */
  readonly users: number;
}

export interface LiveEvaluation extends Omit<LiveCases, 'cases' | 'training'> {
  readonly version: number;
  readonly users: number;
  readonly cases: number;
  readonly systems: Readonly<Record<SystemName, SystemFigures>>;
}

const pageCount = 20_000;
const seed = 1;

/** Throws NOT_FOUND where there is no model or nothing to ask it about. */
export async function evaluateLive(
  dataSource: DataSource,
  schema: string,
  { version: wanted, split, seen, users }: LiveQuestion,
): Promise<LiveEvaluation> {
  const { manager } = dataSource;
  const version = wanted ?? (await findLiveModel(manager))?.version;
  if (version === undefined) {
    throw new RecollectError('NOT_FOUND', 'no model serves yet; train one, or name a stored one with --model');
  }
  const network = await loadNetwork(manager, version);
  const model = await findModel(manager, version);
  if (model === null) throw new RecollectError('NOT_FOUND', `there is no model ${version}`);
  const collector = new LiveCaseCollector(network.vocabulary, network.checkpoint.kinds, model.dataWindow, split, seen);
  const cut = await takeCut(manager, schema);
  for await (const page of readLog(manager, cut, pageCount)) collector.add(page);
  const { cases: all, training, ...counts } = collector.finish();
  const cases = ofSomeUsers(all, users);
  if (cases.length === 0) throw nothingToAsk(version, split, counts);
  const systems = systemsOf(network, training, cases);
  return { version, users: new Set(cases.map(({ user }) => user)).size, cases: cases.length, ...counts, systems };
}

function systemsOf(
  network: Network,
  training: LiveCases['training'],
  cases: readonly Case[],
): LiveEvaluation['systems'] {
  const { transitions: served, checkpoint } = network;
  const { blend, dimensions } = checkpoint;
  const { items } = dimensions;
  const table = sequentialRules(training, items);
  const judgements = judgeSystems({ network: replayScoring(network), served, blend, training, items, table }, cases);
  return systemFigures(judgements, cases, frequencies(training, items), seed);
}

/** All cases of at most `count` users. */
function ofSomeUsers(cases: readonly Case[], count: number): readonly Case[] {
  const users = [...new Set(cases.map(({ user }) => user))];
  if (users.length <= count) return cases;
  new Random(seed).shuffle(users);
  const drawn = new Set(users.slice(0, count));
  return cases.filter(({ user }) => drawn.has(user));
}

function nothingToAsk(
  version: number,
  split: LiveSplit,
  { interactions, since, late }: Pick<LiveCases, 'interactions' | 'since' | 'late'>,
): RecollectError {
  const needs =
    split === 'time'
      ? `the split by time asks for up to ${casesPerUser} interactions of each user that happened after all that the model saw, ` +
        'with an earlier one of the same user; wait for some, or use --split leave-one-out'
      : 'leave-one-out asks for the last interaction of each user, where the model has not learned from it; ' +
        'a user needs two interactions, and three at the time of the training unless the last one came later';
  return new RecollectError(
    'NOT_FOUND',
    `there is nothing to ask model ${version} about: of ${interactions} interactions ${since} arrived after its cut, ` +
      `${late} of them late; ${needs}`,
  );
}
