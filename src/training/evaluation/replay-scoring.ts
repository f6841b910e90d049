/** The scores, without the rules, that the serving network gives after each history, event by event, as a user's memory would have it. */
import type { Network } from '../../model/network.js';
import { emptyState } from '../../model/user-state.js';
import { contextOf } from '../log/event-context.js';
import type { Scoring } from './scoring.js';

export function replayScoring(network: Network): Scoring {
  return (histories, visit, beside = []) => {
    const scores = new Float32Array(network.dimensions.items + 1);
    let state = emptyState(network.dimensions);
    let done: Int32Array = new Int32Array();
    histories.forEach((history, index) => {
      if (!isBeginningOf(done, history)) {
        state = emptyState(network.dimensions);
        done = new Int32Array();
      }
      const { kinds, gaps } = contextOf(beside[index], done.length, history.length, network.dimensions);
      history.subarray(done.length).forEach((row, at) => network.stepTraced(state, row, kinds[at], gaps[at]));
      done = history;
      scores.set(network.scoresWithoutRules(state), 1);
      visit(index, scores);
    });
  };
}

/** Views of one user's items that begin at the same place: the longer one goes on where the shorter one ended. */
function isBeginningOf(shorter: Int32Array, longer: Int32Array): boolean {
  return (
    shorter.buffer === longer.buffer && shorter.byteOffset === longer.byteOffset && shorter.length <= longer.length
  );
}
