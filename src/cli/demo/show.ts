/** What an application and a support desk would ask for, printed for a person. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { GraphqlClient } from './graphql-client.js';
import type { Rating } from './movielens.js';
import type { Stream } from './stream.js';

interface Item {
  readonly id: string;
  readonly title: string | null;
  readonly categories: readonly string[];
}

interface Answer {
  readonly source: string;
  readonly modelVersion: number | null;
  readonly interactionsSeen: number;
  readonly memoryUpdatedAt: string | null;
  readonly items: readonly { readonly rank: number; readonly score: number; readonly item: Item }[];
  readonly because: readonly {
    readonly attention: number;
    readonly influence: number | null;
    readonly kind: string;
    readonly occurredAt: string;
    readonly item: Item | null;
  }[];
}

interface Profile {
  readonly interactionsApplied: number;
  readonly slots: readonly {
    readonly index: number;
    readonly weight: number;
    readonly halfLife: number | null;
    readonly label: string;
  }[];
  readonly topCategories: readonly { readonly category: string; readonly share: number }[];
}

const item = 'item { id title categories }';

async function ask(client: GraphqlClient, userId: string): Promise<Answer> {
  const { recommendations } = await client.request<{ recommendations: Answer }>(
    `query ($userId: ID!) { recommendations(input: { userId: $userId, first: 10 }) {
       source modelVersion interactionsSeen memoryUpdatedAt
       items { rank score ${item} } because(first: 5) { attention influence kind occurredAt ${item} } } }`,
    { userId },
  );
  return recommendations;
}

async function profileOf(client: GraphqlClient, userId: string): Promise<Profile> {
  const { memoryProfile } = await client.request<{ memoryProfile: Profile }>(
    `query ($userId: ID!) { memoryProfile(userId: $userId) {
       interactionsApplied slots { index weight halfLife label } topCategories { category share } } }`,
    { userId },
  );
  return memoryProfile;
}

export async function showRecommendation(client: GraphqlClient, userId: string): Promise<void> {
  printAnswer(`Recommended to user ${userId}`, await ask(client, userId));
}

export async function showMemory(client: GraphqlClient, userId: string): Promise<void> {
  printProfile(`Memory of user ${userId}`, await profileOf(client, userId));
}

/** Three interactions with films that the answer just proposed, and the answer after them. */
export async function showFreshness(client: GraphqlClient, stream: Stream, userId: string): Promise<void> {
  const before = await ask(client, userId);
  const watched = before.items.slice(0, 3);
  const ratings = watched.map(({ item: { id } }, at): Rating => {
    const occurredAt = new Date(Date.now() - 1000 * (watched.length - at)).toISOString();
    return { id: `demo-${userId}-${id}-${occurredAt}`, userId, itemId: id, kind: 'rating', value: 5, occurredAt };
  });
  const sent = Date.now();
  await stream.send(ratings);
  let after = await ask(client, userId);
  for (; after.interactionsSeen < before.interactionsSeen + ratings.length; after = await ask(client, userId)) {
    if (Date.now() - sent > 30_000)
      throw new Error('three interactions were sent 30 seconds ago and are not in the answer');
    await sleep(20);
  }
  const latency = Date.now() - sent;
  say(
    `\nThree new interactions of user ${userId} through ${stream.way}: ${watched.map(({ item: { title } }) => title ?? '').join(' · ')}`,
  );
  printAnswer(
    `The answer ${latency} ms after they were sent`,
    after,
    new Set(before.items.map(({ item: { id } }) => id)),
  );
  printProfile('and the memory', await profileOf(client, userId));
}

function printAnswer(title: string, answer: Answer, known?: ReadonlySet<string>): void {
  say(
    `\n${title} (${answer.source}, model ${answer.modelVersion ?? '-'}, ${answer.interactionsSeen} interactions seen)`,
  );
  for (const { rank, score, item: film } of answer.items) {
    const mark = known === undefined || known.has(film.id) ? ' ' : '*';
    say(` ${mark}${String(rank).padStart(2)}. ${score.toFixed(2).padStart(6)}  ${describe(film)}`);
  }
  if (known !== undefined) say('  * was not in the answer before');
  say('  because of (without it the scores fall by so much; its share of what the memory is read for)');
  for (const { influence, attention, kind, occurredAt, item: film } of answer.because) {
    const fall = influence === null ? '-' : influence.toFixed(2);
    const share = `${(100 * attention).toFixed(1)} %`;
    const what = `${kind} on ${occurredAt.slice(0, 10)}: ${film === null ? '(gone)' : describe(film)}`;
    say(`  ${fall.padStart(8)} ${share.padStart(7)}  ${what}`);
  }
}

function printProfile(title: string, { interactionsApplied, slots, topCategories }: Profile): void {
  say(`\n${title}: ${slots.length} slots made of ${interactionsApplied} interactions`);
  for (const { index, weight, halfLife, label } of slots) {
    const clock = halfLife === null ? 'does not fade' : `half-life ${halfLife.toFixed(1)} events`;
    say(`  slot ${index}  read ${(100 * weight).toFixed(0).padStart(3)} %  ${clock.padEnd(24)} ${label}`);
  }
  say(
    `  categories  ${topCategories
      .slice(0, 6)
      .map(({ category, share }) => `${category} ${(100 * share).toFixed(0)} %`)
      .join(', ')}`,
  );
}

function describe({ title, categories }: Item): string {
  return `${title ?? '(untitled)'}${categories.length === 0 ? '' : ` [${categories.join(', ')}]`}`;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
