import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What is known of a user beside the log; a user without a row has no properties. */
@Entity('user_profile')
export class UserProfileEntity {
  @PrimaryColumn('text')
  id!: string;

  @Column('jsonb')
  properties!: Record<string, unknown>;

  /** made by an interaction, and not put since */
  @Column('boolean', { default: false })
  incomplete!: boolean;

  @Column('timestamp with time zone', { name: 'updated_at', precision: 3, default: () => 'now()' })
  updatedAt!: Date;
}
