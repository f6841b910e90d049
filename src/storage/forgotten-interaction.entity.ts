import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An interaction that was forgotten, by a keyed hash of its id: delivered once more it is not taken. */
@Entity('forgotten_interaction')
export class ForgottenInteractionEntity {
  @PrimaryColumn('text', { name: 'user_id' })
  userId!: string;

  @PrimaryColumn('bytea')
  hash!: Buffer;

  @Column('timestamp with time zone', { name: 'forgotten_at', precision: 3, default: () => 'now()' })
  forgottenAt!: Date;
}
