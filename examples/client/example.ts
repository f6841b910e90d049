/**
 * What an application does: it asks what to show a user, says what he did with it, and hears how his memory changes by that.
 *
 *   npm run build && node dist/examples/client/example.js http://127.0.0.1:3000 $RECOLLECT_KEY 414
 */
import { RecollectClient } from './client.js';
import { HistoryDocument, MemoryChangedDocument, TrackDocument, WhatNextDocument } from './generated.js';

const [url, key, userId] = process.argv.slice(2);
if (url === undefined || key === undefined || userId === undefined) {
  throw new Error('say where the service is, a key with the scopes reader and writer, and a user');
}
const client = new RecollectClient(url, key);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const { recommendations } = await client.ask(WhatNextDocument, { userId, first: 3 });
say(`${recommendations.source}: ${recommendations.items.map(({ item }) => item.title ?? item.id).join(', ')}`);
for (const { item, because } of recommendations.items) {
  for (const { itemId, influence } of because)
    say(`  ${item.id} since ${itemId} (influence ${influence ?? 'not asked'})`);
}

const [first] = recommendations.items;
if (first !== undefined) {
  let isClicked = false;
  for await (const { memoryChanged } of client.follow(MemoryChangedDocument, { userId })) {
    const slots = memoryChanged.slots.map(({ label, weight }) => `${label} ${(100 * weight).toFixed(0)} %`);
    say(`memory of ${memoryChanged.interactionsApplied} interactions: ${slots.join(' | ')}`);
    if (isClicked) break;
    isClicked = true;
    const clicked = { itemId: first.item.id, kind: 'click', recommendationId: recommendations.id };
    const { trackInteractions } = await client.ask(TrackDocument, {
      interactions: [{ ...clicked, userId, occurredAt: new Date().toISOString() }],
    });
    say(`tracked: ${trackInteractions?.accepted ?? 0}`);
  }
}

const { user } = await client.ask(HistoryDocument, { userId, first: 1 });
for (const { node } of user.interactions.edges) say(`last: ${node.kind} ${node.item?.title ?? 'of an unknown item'}`);
await client.close();
