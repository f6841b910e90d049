import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How the owner of a partition last said that it stands, for who asks another process. */
@Entity('partition_status')
export class PartitionStatusEntity {
  @PrimaryColumn('text')
  topic!: string;

  @PrimaryColumn('integer')
  partition!: number;

  /** messages that wait */
  @Column('bigint')
  lag!: string;

  /** of the newest message that was applied; null: none yet */
  @Column('timestamp with time zone', { name: 'event_time', precision: 3, nullable: true })
  eventTime!: Date | null;

  /** why nothing is consumed any more; null while it is */
  @Column('text', { name: 'stopped_code', nullable: true })
  stoppedCode!: string | null;

  @Column('text', { name: 'stopped_message', nullable: true })
  stoppedMessage!: string | null;

  /** the fault that is waited out; null when there is none */
  @Column('text', { name: 'waiting_for', nullable: true })
  waitingFor!: string | null;

  @Column('timestamp with time zone', { name: 'reported_at', precision: 3, default: () => 'now()' })
  reportedAt!: Date;
}
