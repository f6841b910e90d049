/** The figures of a run as a table of text. */
import type { Played } from './play.js';

const columns = [
  'scenario',
  'events',
  'lost',
  'doubled',
  'refused',
  'duplicates',
  'recovery s',
  'peak RSS MB',
  'seconds',
];

export function tableOf(played: readonly Played[]): string {
  const rows = [columns, ...played.map(rowOf)];
  const widths = columns.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lineOf = (row: readonly string[]): string =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  ');
  return rows.map(lineOf).join('\n');
}

function rowOf({ name, seconds, outcome, failure }: Played): readonly string[] {
  const named = failure === null ? name : `${name} FAILED`;
  if (outcome === null) return [named, ...columns.slice(2).map(() => '-'), seconds.toFixed(0)];
  const { events, lost, doubled, refused, duplicates, recoverySeconds, peakRssBytes } = outcome;
  const counts = [events, lost, doubled, refused, duplicates].map(String);
  const recovery = recoverySeconds?.toFixed(1) ?? '-';
  return [named, ...counts, recovery, (peakRssBytes / 1e6).toFixed(0), seconds.toFixed(0)];
}
