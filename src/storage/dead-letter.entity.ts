import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** A message that was refused, as it came, and why. */
@Entity('dead_letter')
export class DeadLetterEntity {
  /** where the message lay first: of topic, partition, offset and time */
  @PrimaryColumn('text')
  topic!: string;

  @PrimaryColumn('integer')
  partition!: number;

  @PrimaryColumn('bigint', { name: 'record_offset' })
  offset!: string;

  /** milliseconds since 1970 */
  @PrimaryColumn('bigint', { name: 'record_timestamp' })
  timestamp!: string;

  /** of a record batch that was refused as a whole, which began at `offset`; null: it is one message */
  @Column('bigint', { name: 'last_offset', nullable: true })
  lastOffset!: string | null;

  @Column('bytea', { nullable: true })
  key!: Buffer | null;

  @Column('bytea', { nullable: true })
  value!: Buffer | null;

  /** name and value in base64, of each */
  @Column('json')
  headers!: readonly (readonly [string, string])[];

  /** whether key and value are here as they came */
  @Column('boolean', { name: 'is_whole' })
  isWhole!: boolean;

  @Column('text')
  code!: string;

  /** of the message's body, that is at fault */
  @Column('text', { nullable: true })
  field!: string | null;

  @Column('text')
  message!: string;

  /** how often it was tried */
  @Column('integer')
  attempts!: number;

  @Index('dead_letter_refused_at')
  @Column('timestamp with time zone', { name: 'refused_at', precision: 3, default: () => 'now()' })
  refusedAt!: Date;

  /** when it was sent to its topic again; null: not since it was refused last */
  @Column('timestamp with time zone', { name: 'replayed_at', precision: 3, nullable: true })
  replayedAt!: Date | null;
}
