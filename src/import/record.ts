/** A row as a file has it: where it stands, and what it says or why it can't be read. */
import type { RecollectError } from '../errors.js';

export interface FileRecord {
  /** its first line; of a format without lines the number of the row; from 1 */
  readonly line: number;
  /** the names and values of the row, in whatever form: not judged yet */
  readonly fields: unknown;
  readonly fault: RecollectError | null;
}

/** Records that are handed on together. */
export const recordsAtOnce = 2_000;
