/** What a study says of itself: a table of its trials, the settings that the next trainings should have, a line for programs. */
import type { StudyEntity, StudyTrialEntity } from '../../storage/study.entity.js';
import { isFailure, members, nextTraining, scoreAt } from './halving.js';
import type { Settings } from '../recipe.js';
import { rungsOfStudy } from './study.js';

export interface StudySummary {
  readonly study: string;
  readonly trials: number;
  readonly best: number | null;
  /** validation of the best trial, and of the recipe without a change, both at full length; null where it failed */
  readonly ndcg10: number | null;
  readonly baseNdcg10: number | null;
}

export function summaryOf(study: StudyEntity): StudySummary {
  const last = rungsOfStudy(study).length - 1;
  const scoreOf = (number: number | null): number | null => {
    const score = study.trials.find((trial) => trial.number === number && study.best !== null);
    const value = score === undefined ? null : scoreAt(score, last);
    return value === null ? null : Number(value.toFixed(4));
  };
  const { name, trials, best } = study;
  return { study: name, trials: trials.length, best, ndcg10: scoreOf(best), baseNdcg10: scoreOf(1) };
}

/** RECOLLECT_TRAIN_RECIPE with what the operator had set and what the best trial adds; null: there is nothing to set. */
export function recipeToSet({ overrides, trials, best }: StudyEntity): Settings | null {
  const winner = trials.find(({ number }) => number === best);
  if (winner === undefined || winner.number === 1) return null;
  return { ...overrides, ...winner.settings };
}

/** The furthest and best trial first. */
export function tableOf(study: StudyEntity): string {
  const rungs = rungsOfStudy(study);
  const next = nextTraining(rungs, study.trials);
  const open = next === null ? [] : members(rungs, study.trials, next.rung);
  const stateOf = (trial: StudyTrialEntity): string => {
    if (trial.number === study.best) return 'best';
    if (trial.results.some(isFailure)) return 'failed';
    if (next !== null && trial.results.at(-1)?.rung === next.rung) return 'trained';
    return open.includes(trial) ? 'waits' : 'out';
  };
  const rows = [...study.trials].sort(furthestFirst).map((trial) => {
    const last = trial.results.at(-1);
    const figures = last === undefined || isFailure(last) ? null : last;
    return [
      String(trial.number),
      stateOf(trial),
      last === undefined ? '-' : String(last.rung),
      last === undefined ? '-' : String(last.epochs),
      figures?.ndcgAt10.toFixed(4) ?? '-',
      figures?.hrAt10.toFixed(4) ?? '-',
      last !== undefined && isFailure(last) ? `${settingsOf(trial)}; ${last.errorMessage}` : settingsOf(trial),
    ];
  });
  const { name, state, eta, dataWindow } = study;
  return [
    `Study ${name}, ${state}: ${study.trials.length} trials, one in ${eta} goes on; rungs of ` +
      `${rungs.map(({ trials }) => trials).join(', ')} trials with ${rungs.map(({ epochs }) => epochs).join(', ')} epochs.`,
    `It learns from ${dataWindow.interactions} interactions of ${dataWindow.users} users; figures are those of validation.`,
    ...(study.errorMessage === null ? [] : [`${study.errorCode ?? ''}: ${study.errorMessage}`]),
    '',
    ...[['trial', 'state', 'rung', 'epochs', 'NDCG@10', 'HR@10', 'settings'], ...rows].map(lineOf),
  ].join('\n');
}

function furthestFirst(one: StudyTrialEntity, other: StudyTrialEntity): number {
  const rung = ({ results }: StudyTrialEntity): number => results.at(-1)?.rung ?? -1;
  const score = (trial: StudyTrialEntity): number => scoreAt(trial, rung(trial)) ?? -1;
  return rung(other) - rung(one) || score(other) - score(one) || one.number - other.number;
}

function settingsOf({ number, settings }: StudyTrialEntity): string {
  if (number === 1) return 'the recipe as it is';
  return Object.entries(settings)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ');
}

const widths = [5, 7, 4, 6, 7, 6];

function lineOf(cells: readonly string[]): string {
  return cells
    .map((cell, at) => (at === 1 || at === 6 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
    .join('  ');
}
