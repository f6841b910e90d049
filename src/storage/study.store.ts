/** SQL of the studies. Rows of trials are written once and get one result after another. */
import type { EntityManager } from 'typeorm';
import { RecollectError } from '../errors.js';
import { StudyEntity, StudyTrialEntity, type TrialResult } from './study.entity.js';

export type NewStudy = Pick<StudyEntity, 'name' | 'dataWindow' | 'recipe' | 'overrides' | 'space' | 'eta' | 'seed'>;

/** With its trials, which differ in these settings. False: the name is taken. */
export async function insertStudy(
  tx: EntityManager,
  study: NewStudy,
  settings: readonly Readonly<Record<string, unknown>>[],
): Promise<boolean> {
  const { name, dataWindow, recipe, overrides, space, eta, seed } = study;
  const rows: unknown[] = await tx.query(
    `INSERT INTO study (name, data_window, recipe, overrides, space, eta, seed) VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT DO NOTHING RETURNING name`,
    [name, ...[dataWindow, recipe, overrides, space].map((value) => JSON.stringify(value)), eta, seed],
  );
  if (rows.length === 0) return false;
  await tx.query(
    `INSERT INTO study_trial (study, number, settings)
     SELECT $1, number, settings FROM jsonb_array_elements($2::jsonb) WITH ORDINALITY AS trial(settings, number)`,
    [name, JSON.stringify(settings)],
  );
  return true;
}

/** With its trials, by number. Throws NOT_FOUND. */
export async function loadStudy(tx: EntityManager, name: string): Promise<StudyEntity> {
  const study = await tx.findOne(StudyEntity, {
    where: { name },
    relations: { trials: true },
    order: { trials: { number: 'ASC' } },
  });
  if (study !== null) return study;
  throw new RecollectError('NOT_FOUND', `there is no study ${name}; \`study list\` names all`);
}

/** The newest first. */
export async function listStudies(tx: EntityManager): Promise<readonly StudyEntity[]> {
  return tx.find(StudyEntity, { relations: { trials: true }, order: { createdAt: 'DESC', trials: { number: 'ASC' } } });
}

/** `after`: how many results the trial has; with any other number it is not this process that runs the study. */
export async function addResult(
  tx: EntityManager,
  { study, number }: Pick<StudyTrialEntity, 'study' | 'number'>,
  after: number,
  result: TrialResult,
): Promise<void> {
  const [, count] = await tx.query<[unknown[], number]>(
    `UPDATE study_trial SET results = results || $4::jsonb
     WHERE study = $1 AND number = $2 AND jsonb_array_length(results) = $3`,
    [study, number, after, JSON.stringify([result])],
  );
  if (count !== 1) throw new RecollectError('LOST', `trial ${number} of study ${study} was trained by another process`);
}

export async function setStudyState(
  tx: EntityManager,
  name: string,
  { state, best, errorCode, errorMessage }: Pick<StudyEntity, 'state' | 'best' | 'errorCode' | 'errorMessage'>,
): Promise<void> {
  await tx.update(StudyEntity, { name }, { state, best, errorCode, errorMessage });
}
