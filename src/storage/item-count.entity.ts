import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** How often an item had a kind of interaction on a day (UTC): popularity in any window. */
@Entity('item_count')
export class ItemCountEntity {
  @PrimaryColumn('text', { name: 'item_id' })
  itemId!: string;

  @PrimaryColumn('text')
  kind!: string;

  @Index('item_count_day')
  @PrimaryColumn('date')
  day!: string;

  @Column('bigint')
  count!: string;
}
