/**
 * What a training learns from: the log at one moment.
 *
 * The cut is taken while no writer is in flight, so that everything at or below it is visible; what arrives later is left to
 * the next run. Every kind of interaction is part of a user's sequence, as it is of the memory. The log is read page by page
 * into typed arrays: ten million interactions take 200 MB here, not ten million objects.
 */
import type { DataSource } from 'typeorm';
import type { DataWindow } from '../../storage/model.entity.js';
import { readCategories, readLog } from '../../storage/training-snapshot.store.js';
import type { SplitChoice } from './held-out.js';
import { SequenceCollector, userCount, type SequenceLog } from './sequences.js';

const pageCount = 20_000;

export interface Snapshot {
  readonly log: SequenceLog;
  readonly window: DataWindow;
}

/** The same cut gives the same log, unless what lies before it was erased or an item got other categories. */
export async function takeSnapshot(dataSource: DataSource, cut: bigint, signal: AbortSignal): Promise<Snapshot> {
  const sequences = new SequenceCollector();
  const itemIds = new Set<string>();
  let user: string | null = null;
  let first = Infinity;
  let last = -Infinity;
  for await (const page of readLog(dataSource.manager, cut, pageCount)) {
    signal.throwIfAborted();
    for (const { user_id: userId, item_id: itemId, kind, value, occurred_at: occurredAt } of page) {
      if (userId !== user) sequences.endUser();
      user = userId;
      sequences.add(itemId, { kind, value, occurredAt: occurredAt.getTime() });
      itemIds.add(itemId);
      first = Math.min(first, occurredAt.getTime());
      last = Math.max(last, occurredAt.getTime());
    }
  }
  const categories = await categoriesOf(dataSource, [...itemIds]);
  const log = sequences.finish((itemId) => categories.get(itemId) ?? []);
  const interactions = log.users.rows.length;
  const window = {
    lastArrival: cut.toString(),
    interactions,
    users: userCount(log.users),
    items: log.vocabulary.length,
    firstOccurredAt: interactions === 0 ? '' : new Date(first).toISOString(),
    lastOccurredAt: interactions === 0 ? '' : new Date(last).toISOString(),
  };
  return { log, window };
}

/** The same window for a model of a run that is split by time. */
export function trainedWindow(window: DataWindow, split: SplitChoice): DataWindow {
  return split.kind === 'time' ? { ...window, trainedBefore: new Date(split.validationFrom).toISOString() } : window;
}

async function categoriesOf(
  dataSource: DataSource,
  itemIds: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const categories = new Map<string, readonly string[]>();
  for (let start = 0; start < itemIds.length; start += pageCount) {
    const page = await readCategories(dataSource.manager, itemIds.slice(start, start + pageCount));
    for (const item of page) categories.set(item.id, item.categories);
  }
  return categories;
}
