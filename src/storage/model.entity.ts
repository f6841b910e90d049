import { Check, Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';
import type { Dimensions } from '../model/dimensions.js';

export type ModelStatus = 'CANDIDATE' | 'LIVE' | 'RETIRED' | 'REJECTED';

/** Figures of full ranking at cutoff 10; models of older versions have the first two alone. */
export interface RankingMetrics {
  readonly hrAt10: number;
  readonly ndcgAt10: number;
  readonly mrrAt10?: number;
  readonly ndcgAt10Interval?: readonly [low: number, high: number];
  readonly coverage?: number;
  readonly gini?: number;
  readonly novelty?: number;
  readonly overlap?: number;
}

/** Test figures beside the baselines that were computed on the same split; absent where nobody could be tested. */
export interface ModelMetrics {
  readonly testedUsers: number;
  readonly model?: RankingMetrics;
  readonly modelWithoutBlend?: RankingMetrics;
  readonly popularity?: RankingMetrics;
  readonly markov?: RankingMetrics;
  readonly rules?: RankingMetrics;
}

/** Sizes as they were stored: models from before heads, kinds, gaps and the output's length have one head and none of the others. */
export type StoredDimensions = Omit<Dimensions, 'heads' | 'kinds' | 'gaps' | 'outputLength'> & Partial<Dimensions>;

/** What of the log the model was made of. */
export interface DataWindow {
  readonly lastArrival: string;
  readonly interactions: number;
  readonly users: number;
  readonly items: number;
  readonly firstOccurredAt: string;
  readonly lastOccurredAt: string;
  /** where the run was split by time: it learned from what happened before this instant */
  readonly trainedBefore?: string;
}

/** A trained network; its weights and vocabulary lie in `model_chunk` in safetensors form. */
@Entity('model')
@Check('model_status_check', `status IN ('CANDIDATE', 'LIVE', 'RETIRED', 'REJECTED')`)
@Check('model_sha256_check', `sha256 ~ '^[0-9a-f]{64}$'`)
export class ModelEntity {
  @PrimaryGeneratedColumn('increment', { type: 'integer' })
  version!: number;

  @Column('text')
  status!: ModelStatus;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3, default: () => 'now()' })
  createdAt!: Date;

  @Column('jsonb')
  dimensions!: StoredDimensions;

  @Column('jsonb')
  hyperparameters!: Record<string, unknown>;

  @Column('jsonb', { name: 'data_window' })
  dataWindow!: DataWindow;

  @Column('jsonb')
  metrics!: ModelMetrics;

  @Column('bigint')
  seed!: string;

  @Column('text')
  sha256!: string;

  @Column('bigint', { name: 'byte_length' })
  byteLength!: string;
}

@Entity('model_chunk')
export class ModelChunkEntity {
  @PrimaryColumn('integer')
  version!: number;

  @PrimaryColumn('integer')
  number!: number;

  @Column('bytea')
  bytes!: Buffer;

  @ManyToOne(() => ModelEntity, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'version', foreignKeyConstraintName: 'model_chunk_version_fkey' })
  model?: ModelEntity;
}

/** One row: what serves, since when, what it replaced. */
@Entity('live_model')
@Check('live_model_single_check', 'single')
export class LiveModelEntity {
  @PrimaryColumn('boolean', { default: true })
  single!: boolean;

  @Column('integer')
  version!: number;

  @Column('timestamp with time zone', { precision: 3, default: () => 'now()' })
  since!: Date;

  @Column('integer', { nullable: true })
  replaced!: number | null;

  @ManyToOne(() => ModelEntity)
  @JoinColumn({ name: 'version', foreignKeyConstraintName: 'live_model_version_fkey' })
  model?: ModelEntity;

  @ManyToOne(() => ModelEntity)
  @JoinColumn({ name: 'replaced', foreignKeyConstraintName: 'live_model_replaced_fkey' })
  replacedModel?: ModelEntity;
}
