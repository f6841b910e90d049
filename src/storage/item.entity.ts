import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** A thing that can be recommended. A deleted item keeps its row, so that every replica learns of it. */
@Entity('item')
@Index('item_latest', { synchronize: false })
export class ItemEntity {
  @PrimaryColumn('text')
  id!: string;

  @Column('text', { nullable: true })
  title!: string | null;

  @Column('text', { array: true, default: () => "'{}'" })
  categories!: string[];

  @Column('jsonb', { default: {} })
  properties!: Record<string, unknown>;

  /** of the item's image, audio or text */
  @Column('real', { array: true, nullable: true })
  vector!: number[] | null;

  @Column('boolean', { default: true })
  available!: boolean;

  /** made by an interaction, and not put since */
  @Column('boolean', { default: false })
  incomplete!: boolean;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3, default: () => 'now()' })
  createdAt!: Date;

  /** from this time on the item is in no answer */
  @Column('timestamp with time zone', { name: 'expires_at', precision: 3, nullable: true })
  expiresAt!: Date | null;

  @Column('timestamp with time zone', { name: 'deleted_at', precision: 3, nullable: true })
  deletedAt!: Date | null;

  /** number of the transaction that wrote the row last */
  @Index('item_change_number')
  @Column('bigint', { name: 'change_number' })
  changeNumber!: string;
}
