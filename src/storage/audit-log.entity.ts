import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** An act of memory control: by whom, when, on whom by keyed hashes, and how much; never what was remembered. */
@Entity('audit_log')
@Index('audit_log_subjects', { synchronize: false })
export class AuditLogEntity {
  /** 1, 2, 3, ... without gaps */
  @PrimaryColumn('bigint')
  id!: string;

  @Column('timestamp with time zone', { precision: 3 })
  at!: Date;

  /** name of the key, or who ran the command */
  @Column('text')
  actor!: string;

  /** null: the command line, or authentication is off */
  @Column('text', { name: 'key_prefix', nullable: true })
  keyPrefix!: string | null;

  @Column('text')
  action!: string;

  /** keyed hashes of the ids of the users, in hexadecimal digits */
  @Column('text', { array: true })
  subjects!: readonly string[];

  @Column('jsonb')
  counts!: Readonly<Record<string, number>>;

  /** of this entry and the hash of the one before it */
  @Column('bytea')
  hash!: Buffer;
}
