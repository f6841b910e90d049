import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** The items of an answer that is read in pages. */
@Entity('answer_snapshot')
export class AnswerSnapshotEntity {
  /** of the answer */
  @PrimaryColumn('uuid')
  id!: string;

  @Index('answer_snapshot_answered_at')
  @Column('timestamp with time zone', { name: 'answered_at', precision: 3, default: () => 'now()' })
  answeredAt!: Date;

  /** hash of who asked what; who it was is not kept here */
  @Column('text')
  request!: string;

  /** what the answer rests on */
  @Column('jsonb')
  basis!: Record<string, unknown>;

  /** from the first of the first page on */
  @Column('text', { name: 'item_ids', array: true })
  itemIds!: readonly string[];

  @Column('double precision', { array: true })
  scores!: readonly number[];

  @Column('text', { name: 'item_sources', array: true })
  itemSources!: readonly string[];

  @Column('jsonb', { name: 'item_rules' })
  itemRules!: readonly (readonly string[])[];
}
