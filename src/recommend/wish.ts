/** What one who asks wants of an answer. */
import type { Rules } from './rules/rules.js';
import type { Wanted } from './selection.js';

/** Which of the user's own items are left out. */
export interface SeenWish {
  /** null: the kinds that count as seen */
  readonly kinds: readonly string[] | null;
  /** null: since ever */
  readonly since: Date | null;
}

/** Where somebody is while he asks. */
export interface Context {
  /** what he looks at: it counts as his last interaction, of the kind view, and is stored nowhere */
  readonly itemId: string;
  readonly time: Date;
}

export interface Wish {
  readonly first: number;
  readonly context: Context | null;
  /** null: seen items stay in */
  readonly seen: SeenWish | null;
  readonly wanted: Wanted;
  /** null: the order by score as it is */
  readonly rules: Rules | null;
}
