/**
 * Two pieces of work that meet: the first goes up to a point, then the second as far as it comes, then the rest of the first; what else
 * is under way waits meanwhile. A random order seldom puts the whole of one between two given statements of another, and that is where
 * a transaction that relies upon what it read before goes wrong.
 */
import type { Statement } from './connections.js';
import type { Random } from './random.js';

/** Whether what has this label is part of it. */
export type Party = (label: unknown) => boolean;

/** Where the first one is held: before so many of its statements, of all or of those that begin, end or write something. */
interface Pause {
  readonly before: number;
  readonly ofMarked: boolean;
}

const marked = /^(START|COMMIT|ROLLBACK|INSERT|UPDATE|DELETE|WITH)/;
/** of the statements of a piece of work, roughly */
const shareOfMarked = 0.35;

/** `statements`: about so many the first one has before what it does is decided. */
export function drawPause(random: Random, statements: number): Pause {
  const ofMarked = random.chance(0.5);
  return { before: 1 + random.below(ofMarked ? Math.ceil(statements * shareOfMarked) : statements), ofMarked };
}

export class Duel {
  private isPaused = false;
  /** statements of the first that count and were let go */
  private done = 0;

  constructor(
    private readonly first: Party,
    private readonly second: Party,
    private readonly pause: Pause,
  ) {}

  readonly isOf: Party = (label) => this.first(label) || this.second(label);

  /** Those that may go on; none: both wait for others, or are done. */
  turnOf(waiting: readonly Statement[]): readonly Statement[] {
    const first = waiting.filter(({ label }) => this.first(label));
    const second = waiting.filter(({ label }) => !this.first(label) && this.second(label));
    if (first.some((one) => this.counts(one)) && this.done + 1 >= this.pause.before) this.isPaused = true;
    const [now, then] = this.isPaused ? [second, first] : [first, second];
    return now.length > 0 ? now : then;
  }

  letGo(statement: Statement): void {
    if (this.first(statement.label) && this.counts(statement)) this.done += 1;
  }

  private counts({ text }: Statement): boolean {
    return !this.pause.ofMarked || marked.test(text);
  }
}
