import { Check, Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { ModelEntity } from './model.entity.js';

/** One row while a share of the users is answered by another version of the model, the challenger. */
@Entity('experiment')
@Check('experiment_single_check', 'single')
@Check('experiment_share_check', 'share > 0 AND share < 1')
export class ExperimentEntity {
  @PrimaryColumn('boolean', { default: true })
  single!: boolean;

  @Column('integer')
  version!: number;

  @Column('double precision')
  share!: number;

  /** what users are drawn by */
  @Column('text')
  seed!: string;

  @Column('text', { nullable: true })
  reason!: string | null;

  @Column('timestamp with time zone', { precision: 3, default: () => 'now()' })
  since!: Date;

  /** arrival number up to which the challenger's memories have the log */
  @Column('bigint')
  standing!: string;

  @ManyToOne(() => ModelEntity)
  @JoinColumn({ name: 'version', foreignKeyConstraintName: 'experiment_version_fkey' })
  model?: ModelEntity;
}
