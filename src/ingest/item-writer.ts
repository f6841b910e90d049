/** Changes of the catalogue that came by Kafka -> one transaction: items and offset together. Of several changes of an item the last counts. */
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { advanceProgress, lockProgress, type Position } from '../storage/consumer-progress.store.js';
import { deleteItems, putItems } from '../storage/item.store.js';
import type { ItemChange } from './item-message.js';

@Injectable()
export class ItemWriter {
  constructor(private readonly dataSource: DataSource) {}

  async apply(
    changes: readonly { readonly change: ItemChange; readonly offset: bigint }[],
    position: Position,
  ): Promise<void> {
    await this.dataSource.transaction(async (tx) => {
      const nextOffset = await lockProgress(tx, position);
      const last = new Map(
        changes.filter(({ offset }) => offset >= nextOffset).map(({ change }) => [change.id, change.put]),
      );
      await putItems(
        tx,
        [...last.values()].filter((put) => put !== null),
      );
      await deleteItems(
        tx,
        [...last].filter(([, put]) => put === null).map(([id]) => id),
      );
      await advanceProgress(tx, position);
    });
  }
}
