import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What is remembered of a user under one version of the model; the table is partitioned by that version. */
@Entity('user_memory')
export class UserMemoryEntity {
  @PrimaryColumn('integer', { name: 'model_version' })
  modelVersion!: number;

  @PrimaryColumn('text', { name: 'user_id' })
  userId!: string;

  /** hidden state, slot keys and values as f16, last items as 32-bit rows */
  @Column('bytea')
  state!: Buffer;

  @Column('bigint', { name: 'interactions_applied' })
  interactionsApplied!: string;

  @Column('timestamp with time zone', { name: 'last_occurred_at', precision: 3, nullable: true })
  lastOccurredAt!: Date | null;

  /** raised by every write */
  @Column('bigint', { name: 'sequence_number', default: 0 })
  sequenceNumber!: string;

  /** of the state, see `checksumOf` */
  @Column('bigint')
  checksum!: string;

  @Column('timestamp with time zone', { name: 'updated_at', precision: 3, default: () => 'now()' })
  updatedAt!: Date;
}
