import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { TrainingRunEntity } from './training-run.entity.js';

/** A piece of the state that the next attempt of a run goes on from. */
@Entity('training_checkpoint')
export class TrainingCheckpointEntity {
  @PrimaryColumn('uuid', { name: 'run_id' })
  runId!: string;

  @PrimaryColumn('integer')
  number!: number;

  @Column('bytea')
  bytes!: Buffer;

  @ManyToOne(() => TrainingRunEntity, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'run_id', foreignKeyConstraintName: 'training_checkpoint_run_id_fkey' })
  run?: TrainingRunEntity;
}
