import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The next offset of a partition, stored with the effect of everything before it. */
@Entity('consumer_progress')
export class ConsumerProgressEntity {
  @PrimaryColumn('text')
  topic!: string;

  @PrimaryColumn('integer')
  partition!: number;

  @Column('bigint', { name: 'next_offset' })
  nextOffset!: string;

  /** raised by each new owner of the partition, so that a write of the one before fails */
  @Column('bigint', { name: 'owner_epoch' })
  ownerEpoch!: string;

  /** whether an operator set it anew and nobody has claimed it since */
  @Column('boolean', { name: 'awaits_owner', default: false })
  awaitsOwner!: boolean;

  @Column('timestamp with time zone', { name: 'updated_at', precision: 3, default: () => 'now()' })
  updatedAt!: Date;
}
