import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * A user whose log was changed while memories are being made out of it in a shadow: the user is to be made anew there. Its number is
 * one of the order of arrival, so that a cut of the log covers it. Rows go with the rebuild.
 */
@Entity('memory_edit')
export class MemoryEditEntity {
  @PrimaryColumn('bigint')
  arrival!: string;

  @Column('text', { name: 'user_id' })
  userId!: string;
}
