import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/** One row: the key of hashes of this deployment where the settings have none, and by which key its hashes were made. */
@Entity('erasure_key')
@Check('erasure_key_single_check', 'single')
export class ErasureKeyEntity {
  @PrimaryColumn('boolean', { default: true })
  single!: boolean;

  @Column('bytea')
  key!: Buffer;

  /** null: no hash was made yet */
  @Column('bytea', { nullable: true })
  fingerprint!: Buffer | null;
}
