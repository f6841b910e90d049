import { Column, Entity, Generated, Index, PrimaryColumn } from 'typeorm';

/** A user whose memory under the live version is to be made anew from the log. Written under the lock of that memory. */
@Entity('replay_request')
@Index('replay_request_waiting', ['isLong', 'requestedAt', 'userId'])
export class ReplayRequestEntity {
  @PrimaryColumn('text', { name: 'user_id' })
  userId!: string;

  @Column('timestamp with time zone', { name: 'requested_at', precision: 3, default: () => 'now()' })
  requestedAt!: Date;

  /** tells a request from the next one of the same user */
  @Column('bigint')
  @Generated('increment')
  id!: string;

  /** whether the user's history was long when it was made */
  @Column('boolean', { name: 'is_long', default: false })
  isLong!: boolean;
}
