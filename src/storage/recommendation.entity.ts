import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** What was answered: one row for each page of an answer. */
@Entity('recommendation')
export class RecommendationEntity {
  /** empty: the answer was for nobody in particular */
  @PrimaryColumn('text', { name: 'user_id' })
  userId!: string;

  /** what the interactions that it leads to name */
  @PrimaryColumn('uuid')
  id!: string;

  /** of the first item of the page */
  @PrimaryColumn('integer', { name: 'first_rank' })
  firstRank!: number;

  @Index('recommendation_answered_at')
  @Column('timestamp with time zone', { name: 'answered_at', precision: 3 })
  answeredAt!: Date;

  /** the query that it answered */
  @Column('text')
  operation!: string;

  @Column('integer', { name: 'model_version', nullable: true })
  modelVersion!: number | null;

  @Column('text')
  source!: string;

  @Column('text', { name: 'fallback_reason', nullable: true })
  fallbackReason!: string | null;

  /** in their order */
  @Column('text', { name: 'item_ids', array: true })
  itemIds!: readonly string[];

  /** of each item what placed it */
  @Column('text', { name: 'item_sources', array: true })
  itemSources!: readonly string[];

  /** of each item the rules that placed it; null: no rule placed any */
  @Column('jsonb', { name: 'item_rules', nullable: true })
  itemRules!: readonly (readonly string[])[] | null;
}
