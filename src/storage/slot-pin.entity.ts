import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * A slot of a user that is or was pinned: the events of the user behind a place in the order (occurredAt, arrival), up to another one, leave
 * it as it is under this version of the model.
 */
@Entity('slot_pin')
export class SlotPinEntity {
  @PrimaryColumn('text', { name: 'user_id' })
  userId!: string;

  @PrimaryColumn('integer', { name: 'model_version' })
  modelVersion!: number;

  @PrimaryColumn('integer')
  slot!: number;

  @PrimaryColumn('timestamp with time zone', { name: 'from_occurred_at', precision: 3 })
  fromOccurredAt!: Date;

  @PrimaryColumn('bigint', { name: 'from_arrival' })
  fromArrival!: string;

  /** null: it is pinned */
  @Column('timestamp with time zone', { name: 'until_occurred_at', precision: 3, nullable: true })
  untilOccurredAt!: Date | null;

  @Column('bigint', { name: 'until_arrival', nullable: true })
  untilArrival!: string | null;

  @Column('timestamp with time zone', { name: 'pinned_at', precision: 3, default: () => 'now()' })
  pinnedAt!: Date;
}
