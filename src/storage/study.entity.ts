import { Check, Column, Entity, JoinColumn, ManyToOne, OneToMany, PrimaryColumn } from 'typeorm';
import type { DataWindow } from './model.entity.js';

/** FAILED: no trial can be trained as things are, see the error; the next `study run` tries again. */
export type StudyState = 'OPEN' | 'FINISHED' | 'FAILED';

/** A search for settings of a training; what it learns from and what it draws does not change after its creation. */
@Entity('study')
@Check('study_state_check', `state IN ('OPEN', 'FINISHED', 'FAILED')`)
export class StudyEntity {
  @PrimaryColumn('text')
  name!: string;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3, default: () => 'now()' })
  createdAt!: Date;

  @Column('text', { default: 'OPEN' })
  state!: StudyState;

  /** with the cut of the log that all trials learn from */
  @Column('jsonb', { name: 'data_window' })
  dataWindow!: DataWindow;

  /** hyperparameters of the first trial */
  @Column('jsonb')
  recipe!: Record<string, unknown>;

  /** those of them that the operator had set */
  @Column('jsonb')
  overrides!: Record<string, unknown>;

  @Column('jsonb')
  space!: Record<string, unknown>;

  @Column('integer')
  eta!: number;

  @Column('bigint')
  seed!: string;

  /** number of a trial */
  @Column('integer', { nullable: true })
  best!: number | null;

  @Column('text', { name: 'error_code', nullable: true })
  errorCode!: string | null;

  @Column('text', { name: 'error_message', nullable: true })
  errorMessage!: string | null;

  @OneToMany(() => StudyTrialEntity, ({ owner }) => owner)
  trials!: StudyTrialEntity[];
}

@Entity('study_trial')
export class StudyTrialEntity {
  @PrimaryColumn('text')
  study!: string;

  /** from 1 */
  @PrimaryColumn('integer')
  number!: number;

  /** where it differs from the study's recipe */
  @Column('jsonb')
  settings!: Record<string, unknown>;

  /** a rung each, in the order in which they were trained */
  @Column('jsonb', { default: [] })
  results!: TrialResult[];

  @ManyToOne(() => StudyEntity, ({ trials }) => trials, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'study', foreignKeyConstraintName: 'study_trial_study_fkey' })
  owner?: StudyEntity;
}

/** What a trial's training in a rung gave: figures of validation, or why it failed. */
export type TrialResult = { readonly rung: number; readonly epochs: number; readonly seconds: number } & (
  { readonly hrAt10: number; readonly ndcgAt10: number } | { readonly errorCode: string; readonly errorMessage: string }
);
