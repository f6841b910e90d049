/** All that is held of a user, as JSON: in parts, since a log can be long. */
import type { EntityManager } from 'typeorm';
import { interactionsBefore, type LoggedInteraction } from '../storage/interaction-read.store.js';
import { listRecommendations } from '../storage/recommendation.store.js';
import { listPinsOf } from '../storage/slot-pin.store.js';
import { countForgotten, listMemoriesOf } from '../storage/user-export.store.js';
import { mergedInto, mergesOf } from '../storage/user-merge.store.js';
import { loadUserProfiles } from '../storage/user-profile.store.js';
import { lettersOf } from './dead-letters-of-user.js';

const interactionsAtOnce = 5_000;

/** What is held beside the log. Bytes are base64. */
export async function exportBeside(tx: EntityManager, userId: string): Promise<Readonly<Record<string, unknown>>> {
  const deadLetters: unknown[] = [];
  for await (const letter of lettersOf(tx, userId)) {
    const { key, value, ...rest } = letter;
    deadLetters.push({ ...rest, key: key?.toString('base64') ?? null, value: value?.toString('base64') ?? null });
  }
  const [profile] = await loadUserProfiles(tx, [userId]);
  const memories = await listMemoriesOf(tx, userId);
  return {
    userId,
    mergedInto: (await mergesOf(tx, [userId])).get(userId) ?? null,
    mergedFrom: await mergedInto(tx, userId),
    properties: profile?.properties ?? null,
    memories: memories.map((memory) => ({ ...memory, state: memory.state.toString('base64') })),
    recommendations: await listRecommendations(tx, userId),
    pinnedSlots: await listPinsOf(tx, userId),
    forgottenInteractions: await countForgotten(tx, userId),
    deadLetters,
  };
}

/** The log, the newest interaction first. */
export async function* exportLog(tx: EntityManager, userId: string): AsyncGenerator<readonly LoggedInteraction[]> {
  for (let last: LoggedInteraction | null = null; ;) {
    const page: readonly LoggedInteraction[] = await interactionsBefore(tx, userId, interactionsAtOnce, last);
    if (page.length > 0) yield page;
    last = page.at(-1) ?? null;
    if (page.length < interactionsAtOnce) return;
  }
}
