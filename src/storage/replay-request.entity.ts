import { Column, Entity, Generated, PrimaryColumn } from 'typeorm';

/** A user whose memory under the live version is to be made anew from the log. Written under the lock of that memory. */
@Entity('replay_request')
export class ReplayRequestEntity {
  @PrimaryColumn('text', { name: 'user_id' })
  userId!: string;

  @Column('timestamp with time zone', { name: 'requested_at', precision: 3, default: () => 'now()' })
  requestedAt!: Date;

  /** tells a request from the next one of the same user */
  @Column('bigint')
  @Generated('increment')
  id!: string;
}
