import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** An id whose history was joined to that of another user, who is never such an id: what comes under it goes to that user. */
@Entity('user_merge')
export class UserMergeEntity {
  @PrimaryColumn('text', { name: 'from_id' })
  fromId!: string;

  @Index('user_merge_into')
  @Column('text', { name: 'into_id' })
  intoId!: string;

  @Column('timestamp with time zone', { name: 'merged_at', precision: 3, default: () => 'now()' })
  mergedAt!: Date;
}
