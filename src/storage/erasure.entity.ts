import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A user who was erased, by a keyed hash of the id: nothing of the user is taken again. */
@Entity('erasure')
export class ErasureEntity {
  @PrimaryColumn('bytea')
  hash!: Buffer;

  @Column('timestamp with time zone', { name: 'erased_at', precision: 3, default: () => 'now()' })
  erasedAt!: Date;

  /** how many left the log */
  @Column('integer')
  interactions!: number;
}
