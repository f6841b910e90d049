/**
 * Keys that were looked up a moment ago, so that a request does not wait for Postgres before it begins. A key that is revoked is refused
 * as soon as the process hears of it, and after `keptMs` at the latest.
 */
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { findApiKey, type StoredKey } from '../storage/api-key.store.js';
import { Notifications } from '../storage/notifications.js';

export const keptMs = 1_000;
const mostKept = 10_000;

@Injectable()
export class KnownKeys implements OnModuleInit {
  private readonly rows = new Map<string, { readonly row: StoredKey; readonly until: number }>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly notifications: Notifications,
  ) {}

  onModuleInit(): void {
    this.notifications.onChange('api_key', () => {
      this.rows.clear();
    });
  }

  /** The key with this prefix, good or not; null: none has it. */
  async find(prefix: string): Promise<StoredKey | null> {
    const known = this.rows.get(prefix);
    if (known !== undefined && known.until > Date.now()) return known.row;
    const row = await findApiKey(this.dataSource.manager, prefix);
    if (row !== null) {
      if (this.rows.size >= mostKept) this.rows.clear();
      this.rows.set(prefix, { row, until: Date.now() + keptMs });
    }
    return row;
  }
}
