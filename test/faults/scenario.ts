/** A fault, or many of a kind, and what must come out of it. */
import type { Outcome, Stage, StageOptions } from './stage.js';

export type Size = 'full' | 'short';

export interface Scenario extends StageOptions {
  /** what happens, and that nothing is lost and nothing doubled */
  readonly about: string;
  play(stage: Stage, size: Size): Promise<Outcome>;
}
