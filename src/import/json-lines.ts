/** JSON lines -> records: an object a line; blank lines are passed over. */
import { RecollectError } from '../errors.js';
import { recordsAtOnce, type FileRecord } from './record.js';

/** No row that would be accepted is as long. */
const mostCharacters = 1_000_000;

export async function* jsonLines(text: AsyncIterable<string>): AsyncGenerator<readonly FileRecord[]> {
  let records: FileRecord[] = [];
  let line = 0;
  let open = '';
  const take = (row: string): void => {
    line++;
    if (row.trim() !== '') records.push(readLine(row, line));
  };
  for await (const part of text) {
    const lines = (open + part).split('\n');
    open = (lines.pop() ?? '').slice(0, mostCharacters + 1); // the rest of an endless line is not kept
    lines.forEach(take);
    if (records.length < recordsAtOnce) continue;
    yield records;
    records = [];
  }
  take(open);
  yield records;
}

function readLine(row: string, line: number): FileRecord {
  if (row.length > mostCharacters) {
    return faulty(line, `the line has more than ${mostCharacters.toLocaleString('en')} characters`);
  }
  try {
    return { line, fields: JSON.parse(row), fault: null };
  } catch {
    return faulty(line, 'the line is not JSON');
  }
}

function faulty(line: number, fault: string): FileRecord {
  const message = `${fault}: give one JSON object a line`;
  return { line, fields: null, fault: new RecollectError('NOT_JSON', message) };
}
