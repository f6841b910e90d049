import { Check, Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

export const scopes = ['reader', 'writer', 'operator', 'privacy'] as const;
export type Scope = (typeof scopes)[number];

/** A key of the API: only its hash is kept, the prefix finds the row. */
@Entity('api_key')
@Check('api_key_token_key_check', 'octet_length(token_key) = 32')
@Check('api_key_scopes_check', `scopes <@ '{reader,writer,operator,privacy}'`)
export class ApiKeyEntity {
  @PrimaryGeneratedColumn('uuid')
  id!: string;

  @Column('text')
  name!: string;

  @Column('text', { unique: true })
  prefix!: string;

  /** SHA-256 of the whole key */
  @Column('bytea')
  hash!: Buffer;

  /** public key by which tokens that were made with the key are checked; null: it is older than tokens */
  @Column('bytea', { name: 'token_key', nullable: true })
  tokenKey!: Buffer | null;

  @Column('text', { array: true })
  scopes!: Scope[];

  @Column('timestamp with time zone', { name: 'created_at', precision: 3, default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamp with time zone', { name: 'expires_at', precision: 3, nullable: true })
  expiresAt!: Date | null;

  @Column('timestamp with time zone', { name: 'revoked_at', precision: 3, nullable: true })
  revokedAt!: Date | null;
}
