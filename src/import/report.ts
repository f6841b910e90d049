/**
 * What became of the rows: counts of each file and of all, and the lines that were not simply added. Of each kind of fault the first
 * few lines are kept for the summary; with `details` each line goes there, as JSON.
 */
import { basename } from 'node:path';
import type { RecollectError } from '../errors.js';
import type { Verdict } from '../memory/verdict.js';

/** Where a row stands. */
export interface Place {
  readonly file: string;
  readonly line: number;
}

export interface Counts {
  rows: number;
  added: number;
  duplicates: number;
  refused: number;
}

/** Lines of a kind that the summary shows. */
const shownLines = 5;

interface Fault {
  count: number;
  /** file, line and message of the first ones */
  readonly first: string[];
}

export class Report {
  readonly total: Counts = { rows: 0, added: 0, duplicates: 0, refused: 0 };
  private readonly files = new Map<string, Counts>();
  private readonly faults = new Map<string, Fault>();

  /** `details` takes a line of text for each row that was not added. */
  constructor(private readonly details: ((line: string) => void) | null = null) {}

  begin(file: string): void {
    this.files.set(file, { rows: 0, added: 0, duplicates: 0, refused: 0 });
  }

  refuse(place: Place, { code, field, message }: RecollectError): void {
    this.count(place, 'refused');
    this.note(place, code, message);
    this.details?.(JSON.stringify({ ...place, verdict: 'REFUSED', code, field, message }));
  }

  judge(place: Place, verdict: Verdict | RecollectError): void {
    if (typeof verdict !== 'string') {
      this.refuse(place, verdict);
      return;
    }
    this.count(place, verdict === 'ACCEPTED' ? 'added' : 'duplicates');
    if (verdict === 'ACCEPTED') return;
    if (verdict === 'DUPLICATE_DIFFERS')
      this.note(place, verdict, 'the id is there with other content; nothing changed');
    if (verdict === 'FORGOTTEN') this.note(place, verdict, 'it was forgotten and is not taken again');
    this.details?.(JSON.stringify({ ...place, verdict }));
  }

  /** Text for people: a line for each file, then what is to be looked at. */
  summary(): string {
    const lines = [...this.files].map(([file, { rows, added, duplicates, refused }]) => {
      const figures = [`${n(rows)} rows`, `${n(added)} added`, `${n(duplicates)} duplicates`, `${n(refused)} refused`];
      return `${file}: ${figures.join(', ')}`;
    });
    for (const [code, { count, first }] of this.faults) {
      lines.push(...first.map((text) => `  ${code}  ${text}`));
      if (count > first.length) lines.push(`  ${code}  and ${n(count - first.length)} more`);
    }
    return lines.join('\n');
  }

  private count({ file }: Place, what: 'added' | 'duplicates' | 'refused'): void {
    for (const counts of [this.total, this.files.get(file)]) {
      if (counts === undefined) continue;
      counts.rows++;
      counts[what]++;
    }
  }

  private note({ file, line }: Place, code: string, message: string): void {
    const fault = this.faults.get(code) ?? { count: 0, first: [] };
    this.faults.set(code, fault);
    fault.count++;
    const where = this.files.size > 1 ? `${basename(file)} line ${line}` : `line ${line}`;
    if (fault.first.length < shownLines) fault.first.push(`${where}: ${message}`);
  }
}

function n(count: number): string {
  return count.toLocaleString('en');
}
