/** Whether the program has nothing left to do but what it waits for outside. */
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import type { Connections } from './connections.js';

const quietTurns = 3;

export class Quiet {
  /** grows with everything that the program does */
  private activity = 0;
  private timersBefore = 0;

  /** Timers that there are now are not the program's. */
  begin(): void {
    this.timersBefore = timers();
  }

  happened(): void {
    this.activity += 1;
  }

  /** Until it does nothing and sleeps nowhere. */
  async comes(watched: Iterable<Connections>): Promise<void> {
    for (let quiet = 0; quiet < quietTurns; quiet++) {
      const { activity } = this;
      await setImmediate();
      const isBusy = [...watched].some((connections) => connections.isBusy) || timers() > this.timersBefore;
      if (isBusy) await sleep(1);
      if (isBusy || this.activity !== activity) quiet = -1;
    }
  }
}

/** Those that the program waits for. */
function timers(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
}
