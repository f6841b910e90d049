/** A progress bar where a person looks, a line now and then where a file does. */
import { MultiBar, Presets, type SingleBar } from 'cli-progress';

export interface Progress {
  update(done: number, note?: string): void;
  stop(): void;
}

export function progress(title: string, total: number): Progress {
  return process.stdout.isTTY ? bar(title, total) : lines(title, total);
}

function bar(title: string, total: number): Progress {
  const bars = new MultiBar(
    { format: `  ${title} {bar} {percentage} %  {note}`, hideCursor: true, clearOnComplete: false },
    Presets.shades_classic,
  );
  const single: SingleBar = bars.create(total, 0, { note: '' });
  return {
    update: (done, note = '') => {
      single.update(Math.min(done, total), { note });
    },
    stop: () => {
      bars.stop();
    },
  };
}

/** A line at each tenth. */
function lines(title: string, total: number): Progress {
  let tenth = 0;
  return {
    update: (done, note = '') => {
      const now = Math.floor((10 * Math.min(done, total)) / total);
      if (now <= tenth) return;
      tenth = now;
      process.stdout.write(`  ${title} ${10 * now} %${note === '' ? '' : `  ${note}`}\n`);
    },
    stop: () => undefined,
  };
}
