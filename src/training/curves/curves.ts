/**
 * The curves of a training in a folder that TensorBoard reads: every tenth step and every epoch, by the steps that are over.
 * The points of steps go there alone: a long training has tens of thousands, too many for the row that its epochs lie in.
 *
 * A training that goes on opens a further file, which takes back what the killed process wrote behind the state.
 */
import { mkdirSync, openSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../../errors.js';
import type { EpochFigures } from '../../storage/training-run.entity.js';
import { frame, scalarEvent, startEvent, versionEvent } from './event-file.js';
import type { StepFigures } from '../trainer.js';

let opened = 0;

export class Curves {
  private file: number | null = null;
  private isPlaced = false;

  /** Curves that can't be written don't end a training: `onNotice` is told, and nothing more is written. */
  constructor(
    private readonly folder: string,
    private readonly onNotice: (message: string) => void,
  ) {
    this.attempt(() => {
      mkdirSync(folder, { recursive: true });
      // TensorBoard reads the files of a folder in the order of their names
      const name = `events.out.tfevents.${Date.now()}.${hostname()}.${process.pid}.${opened++}`;
      this.file = openSync(join(folder, name), 'wx', 0o644);
    });
    this.append(versionEvent);
  }

  /** The training goes on where this many steps are over: later points of earlier files no longer count. */
  goOn(steps: number): void {
    this.isPlaced = true;
    this.append((seconds) => startEvent(seconds, steps + 1));
  }

  step({ step, loss, learningRate, gradientNorm }: StepFigures): void {
    const scalars = { loss, learning_rate: learningRate, gradient_norm: gradientNorm };
    this.write((seconds) => scalarEvent(seconds, step, scalars));
  }

  epoch(figures: EpochFigures, steps: number): void {
    const scalars = Object.entries({
      'epoch/loss': figures.loss,
      'epoch/gradient_norm_max': figures.gradientNormMax,
      'validation/hr_at_10': figures.validationHrAt10,
      'validation/ndcg_at_10': figures.validationNdcgAt10,
      'slots/read_entropy': figures.slotReadEntropy,
      'slots/dead': figures.deadSlots,
    }).filter((entry): entry is [string, number] => typeof entry[1] === 'number');
    this.write((seconds) => scalarEvent(seconds, steps, Object.fromEntries(scalars)));
  }

  private write(eventAt: (seconds: number) => Buffer): void {
    if (!this.isPlaced) this.goOn(0);
    this.append(eventAt);
  }

  private append(eventAt: (seconds: number) => Buffer): void {
    const { file } = this;
    if (file !== null) this.attempt(() => writeSync(file, frame(eventAt(Date.now() / 1000))));
  }

  private attempt(write: () => void): void {
    try {
      write();
    } catch (error) {
      this.file = null;
      this.onNotice(`the curves are not written to ${this.folder} any more: ${messageOf(error)}`);
    }
  }
}
