/** What goes wrong with statements, drawn by the seed. */
import type { Random } from './random.js';

/** Shares of the statements that meet each fault. */
export interface Faults {
  readonly die: number;
  readonly loseConnection: number;
  /** any connection that the process has in use, be it one that does nothing now */
  readonly loseAny: number;
  readonly takeBack: number;
  /** of commits */
  readonly dieAfterCommit: number;
  readonly loseAnswerOfCommit: number;
}

export type Fault = keyof Faults;

export function drawFault(faults: Faults, isCommit: boolean, random: Random): Fault | null {
  let left = random.next();
  for (const [fault, share] of Object.entries(faults) as [Fault, number][]) {
    const isAfter = fault === 'dieAfterCommit' || fault === 'loseAnswerOfCommit';
    left -= isAfter && !isCommit ? 0 : share;
    if (left < 0) return fault;
  }
  return null;
}

export function lost(): Error {
  return new Error('Connection terminated by the simulation');
}
