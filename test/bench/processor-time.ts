/** Processor seconds of this process and of others, as Linux keeps them. */
import { readdirSync, readFileSync } from 'node:fs';

const ticksPerSecond = 100; // USER_HZ, which no Linux of today has otherwise

interface Stat {
  readonly parent: number;
  readonly own: number;
  /** of children that have ended */
  readonly ended: number;
}

/** null: there is no such process any more */
function statOf(pid: number | string): Stat | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const seconds = (at: number): number => ((fields[at] ?? 0) + (fields[at + 1] ?? 0)) / ticksPerSecond;
    return { parent: fields[1] ?? 0, own: seconds(11), ended: seconds(13) };
  } catch {
    return null;
  }
}

/** Of a process and those that it started: seconds since their start. */
export function processorSeconds(pid: number): number {
  const stat = statOf(pid);
  const children = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (statOf(name) ?? []) : []));
  const alive = children.filter(({ parent }) => parent === pid);
  return (stat?.own ?? 0) + (stat?.ended ?? 0) + alive.reduce((sum, { own }) => sum + own, 0);
}

export interface Spent {
  readonly node: number;
  readonly postgres: number;
}

/** Counts from now on: what comes back tells the processor seconds since then, of this process with its threads and of Postgres. */
export function startCounting(postgresPid: number): () => Spent {
  const [node, postgres] = [process.cpuUsage(), processorSeconds(postgresPid)];
  return () => {
    const { user, system } = process.cpuUsage(node);
    return { node: (user + system) / 1e6, postgres: processorSeconds(postgresPid) - postgres };
  };
}
