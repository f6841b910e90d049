/**
 * The dead letters that hold a user's id: as the key of the message, in a header, or in a field of the body whose name speaks of a
 * user or a session, at any depth. What can't be read as JSON is searched for such a name with the id behind it, or for a long id.
 */
import type { EntityManager } from 'typeorm';
import type { DeadLetterEntity } from '../storage/dead-letter.entity.js';
import { deleteDeadLettersAt, listDeadLetters } from '../storage/dead-letter.store.js';

const lettersAtOnce = 100;
const sessionPrefix = 'session:';
const userField = /user|session/i;
/** So long an id is taken for the user's wherever it stands by itself. */
const longId = 8;

export async function* lettersOf(manager: EntityManager, userId: string): AsyncGenerator<DeadLetterEntity, void> {
  for (let after: DeadLetterEntity | null = null; ;) {
    const everything = { topic: null, code: null, since: null, withReplayed: true };
    const page: readonly DeadLetterEntity[] = await listDeadLetters(manager, everything, after, lettersAtOnce);
    yield* page.filter((letter) => isOfUser(letter, userId));
    after = page.at(-1) ?? null;
    if (page.length < lettersAtOnce) return;
  }
}

/** Returns how many there were. */
export async function deleteLettersOf(manager: EntityManager, userId: string): Promise<number> {
  let count = 0;
  for await (const letter of lettersOf(manager, userId)) {
    await deleteDeadLettersAt(manager, [letter]);
    count++;
  }
  return count;
}

export function isOfUser(
  { topic, key, value, headers }: Pick<DeadLetterEntity, 'topic' | 'key' | 'value' | 'headers'>,
  userId: string,
): boolean {
  const names = [userId, ...(userId.startsWith(sessionPrefix) ? [userId.slice(sessionPrefix.length)] : [])];
  const whole = [key, ...headers.map(([, bytes]) => Buffer.from(bytes, 'base64'))].map((bytes) => bytes?.toString());
  if (whole.some((text) => text !== undefined && (names.includes(text) || names.includes(parsed(text) as string))))
    return true;
  const text = value?.toString() ?? '';
  const body = parsed(text);
  return body === undefined ? occurs(text, names) : holds(body, names, topic.endsWith('users'));
}

/** undefined: it is not JSON */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function holds(value: unknown, names: readonly string[], isProfile: boolean, field = ''): boolean {
  const isUserField = userField.test(field) || (isProfile && field === 'id');
  if (typeof value === 'string') return (isUserField && names.includes(value)) || holdsText(value, names, isProfile);
  if (typeof value === 'number') return isUserField && names.includes(String(value));
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([name, part]) =>
    holds(part, names, isProfile, Array.isArray(value) ? field : name),
  );
}

/** JSON within a text, as some dialects have it. */
function holdsText(text: string, names: readonly string[], isProfile: boolean): boolean {
  const inner = text.startsWith('{') || text.startsWith('[') ? parsed(text) : undefined;
  return inner !== undefined && holds(inner, names, isProfile);
}

function occurs(text: string, names: readonly string[]): boolean {
  return names.some((name) => {
    const id = name.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
    const before = name.length < longId ? '(user|session)\\w*["\']?\\s*[:=]\\s*["\']?' : '(^|[^\\p{L}\\p{N}_-])';
    return new RegExp(`${before}${id}($|[^\\p{L}\\p{N}_-])`, 'iu').test(text);
  });
}
