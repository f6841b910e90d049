import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn, Unique } from 'typeorm';
import { ModelEntity } from './model.entity.js';

export type TrainingStatus = 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED' | 'SKIPPED';
export type TrainingCause = 'MUTATION' | 'CRON';

export interface EpochFigures {
  readonly epoch: number;
  readonly loss: number;
  readonly validationHrAt10: number | null;
  readonly validationNdcgAt10: number | null;
  readonly learningRate: number;
  /** mean and largest of the steps' norms of all gradients together, before the cut; absent in rows of older programs */
  readonly gradientNorm?: number | null;
  readonly gradientNormMax?: number | null;
  /** of the validation's queries, see `slot-use`; null where there is nothing to choose */
  readonly slotReadEntropy?: number | null;
  readonly deadSlots?: number | null;
  readonly seconds: number;
  /** resident memory of the training process, its largest so far */
  readonly peakMemoryBytes?: number | null;
}

/** Where a run is: read live while it runs. */
export interface TrainingProgress {
  readonly phase: 'SNAPSHOT' | 'TRAINING' | 'EVALUATION' | 'STORING' | 'REBUILDING' | 'SWITCHING';
  readonly epoch: number;
  readonly epochs: number;
  readonly step: number;
  readonly steps: number;
  readonly loss: number | null;
  readonly secondsLeft: number | null;
}

@Entity('training_run')
@Check('training_run_status_check', `status IN ('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED', 'SKIPPED')`)
@Check('training_run_cause_check', `cause IN ('MUTATION', 'CRON')`)
@Unique('training_run_idempotency_key_key', ['idempotencyKey'])
@Index('training_run_single', { synchronize: false })
@Index('training_run_created_at', { synchronize: false })
export class TrainingRunEntity {
  @PrimaryGeneratedColumn('uuid')
  id!: string;

  @Column('text')
  status!: TrainingStatus;

  @Column('text')
  cause!: TrainingCause;

  @Column('text', { nullable: true })
  reason!: string | null;

  @Column('text', { name: 'idempotency_key', nullable: true })
  idempotencyKey!: string | null;

  /** whether to start from the live model's weights, as asked; null: the setting decides */
  @Column('boolean', { name: 'warm_start', nullable: true })
  warmStart!: boolean | null;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3, default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamp with time zone', { name: 'started_at', precision: 3, nullable: true })
  startedAt!: Date | null;

  @Column('timestamp with time zone', { name: 'finished_at', precision: 3, nullable: true })
  finishedAt!: Date | null;

  @Column('timestamp with time zone', { name: 'heartbeat_at', precision: 3, nullable: true })
  heartbeatAt!: Date | null;

  @Column('text', { nullable: true })
  owner!: string | null;

  @Column('integer', { default: 0 })
  attempt!: number;

  /** up to which arrival the log is learned from; an attempt that goes on needs the same */
  @Column('bigint', { nullable: true })
  cut!: string | null;

  @Column('jsonb', { nullable: true })
  progress!: TrainingProgress | null;

  @Column('jsonb', { default: [] })
  epochs!: EpochFigures[];

  @Column('jsonb', { nullable: true })
  result!: Record<string, unknown> | null;

  @Column('text', { name: 'error_code', nullable: true })
  errorCode!: string | null;

  @Column('text', { name: 'error_message', nullable: true })
  errorMessage!: string | null;

  @Column('integer', { name: 'model_version', nullable: true })
  modelVersion!: number | null;

  @ManyToOne(() => ModelEntity, { onDelete: 'SET NULL' })
  @JoinColumn({ name: 'model_version', foreignKeyConstraintName: 'training_run_model_version_fkey' })
  model?: ModelEntity;
}
