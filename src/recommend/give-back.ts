/**
 * Memory that a large load has left behind. V8 keeps the pages of its heap for what comes next, and would keep those of a catalogue's
 * rows, a third of the process and more, as long as it runs. Only its collection of last resort lets go of them.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

interface Collection {
  readonly type: 'major';
  readonly execution: 'sync';
  readonly flavor: 'last-resort';
}

/** Takes some tens of milliseconds, in which the process does nothing else. */
export function giveMemoryBack(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (how: Collection) => void;
  setFlagsFromString('--no-expose-gc');
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
