import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/** The partition of a pause that holds all of its topic, also those that it gets later. */
export const everyPartition = -1;

/** A partition, or a topic, of which nothing is consumed until an operator resumes it. */
@Entity('consumer_pause')
@Check('consumer_pause_partition_check', 'partition >= -1')
export class ConsumerPauseEntity {
  @PrimaryColumn('text')
  topic!: string;

  @PrimaryColumn('integer')
  partition!: number;

  @Column('timestamp with time zone', { name: 'paused_at', precision: 3, default: () => 'now()' })
  pausedAt!: Date;
}
