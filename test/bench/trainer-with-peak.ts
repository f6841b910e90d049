/** The trainer's child process as it is; at its end it leaves the most memory it ever had, in KB, beside the checkpoint. */
import { writeFileSync } from 'node:fs';
import '../../src/training/trainer-process.js';
import type { ToTrainer } from '../../src/training/training-job.js';

process.on('message', (message: ToTrainer) => {
  if (message.type !== 'train') return;
  const file = `${message.job.outputFile}.peak`;
  process.once('exit', () => {
    writeFileSync(file, String(process.resourceUsage().maxRSS));
  });
});
