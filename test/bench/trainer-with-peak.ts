/** The trainer's child process as it is; at its end it leaves what it used beside the checkpoint: peak KB and microseconds. */
import { writeFileSync } from 'node:fs';
import '../../src/training/trainer-process.js';
import type { ToTrainer } from '../../src/training/training-job.js';

process.on('message', (message: ToTrainer) => {
  if (message.type !== 'train') return;
  const file = `${message.job.outputFile}-used.json`;
  process.once('exit', () => {
    writeFileSync(file, JSON.stringify(process.resourceUsage()));
  });
});
