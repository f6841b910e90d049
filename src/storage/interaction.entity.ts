import { Column, Entity, Generated, Index, PrimaryColumn } from 'typeorm';

/** The log: one row for each interaction that was accepted. A user's sequence is ordered by (occurredAt, arrival). */
@Entity('interaction')
@Index('interaction_seen', ['userId', 'itemId', 'kind'])
@Index('interaction_sequence', { synchronize: false })
@Index('interaction_recommendation', ['recommendationId'], { where: 'recommendation_id IS NOT NULL' })
export class InteractionEntity {
  @PrimaryColumn('text', { name: 'user_id' })
  userId!: string;

  @PrimaryColumn('text')
  id!: string;

  @Column('text', { name: 'session_id', nullable: true })
  sessionId!: string | null;

  @Column('text', { name: 'item_id' })
  itemId!: string;

  @Column('text')
  kind!: string;

  @Column('double precision', { nullable: true })
  value!: number | null;

  @Column('timestamp with time zone', { name: 'occurred_at', precision: 3 })
  occurredAt!: Date;

  /** order of arrival, the tie-break of equal times */
  @Index('interaction_arrival')
  @Column('bigint')
  @Generated('increment')
  arrival!: string;

  @Column('text', { name: 'recommendation_id', nullable: true })
  recommendationId!: string | null;

  @Column('jsonb', { nullable: true })
  properties!: Record<string, unknown> | null;

  /** whether it enters memories and trainings; false: it arrived before a reset of its user */
  @Column('boolean', { default: true })
  remembered!: boolean;
}
