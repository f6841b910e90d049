/**
 * The file that a training leaves its states in: whole at every moment, also when the process is killed while it writes. Written
 * after an epoch, inside of a long one every two minutes, and never for more than about 5 % of the time.
 */
import { open, readFile, rename } from 'node:fs/promises';
import { codeOf, messageOf } from '../../errors.js';
import type { Learner } from '../graph/learner.js';
import { decodeState, encodeState, type TrainingState } from './training-state.js';

const longEpochMs = 120_000;
const shareOfTime = 0.05;

export class StateFile {
  private written = performance.now();
  private tookMs = 0;

  /** `onNotice` is told why a state that was there is not used. */
  constructor(
    private readonly file: string,
    private readonly digest: string,
    private readonly onWritten: (state: TrainingState) => void,
    private readonly onNotice: (message: string) => void,
  ) {}

  /** Brings the learner to where a training before was; null: from the start. */
  async restore(learner: Learner): Promise<TrainingState | null> {
    const bytes = await readFile(this.file).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return null;
      throw error;
    });
    if (bytes === null) return null;
    try {
      const state = decodeState(bytes, this.digest);
      learner.restoreState(state.learner);
      return state;
    } catch (error) {
      this.onNotice(`${messageOf(error)}; the training starts anew`);
      return null;
    }
  }

  /** Whether it is time for a state; inside of an epoch one waits longer. */
  isDue(epochIsOver: boolean): boolean {
    const sinceMs = performance.now() - this.written;
    return sinceMs >= Math.max(epochIsOver ? 0 : longEpochMs, this.tookMs / shareOfTime);
  }

  async write(state: TrainingState): Promise<void> {
    const begun = performance.now();
    {
      await using part = await open(`${this.file}.part`, 'w', 0o600);
      await part.writeFile(encodeState(state, this.digest));
      await part.sync();
    }
    await rename(`${this.file}.part`, this.file);
    this.written = performance.now();
    this.tookMs = this.written - begun;
    this.onWritten(state);
  }
}
