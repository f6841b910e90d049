import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { encodeState } from '../../src/model/user-state.js';
import { freshDatabase, type FreshDatabase } from '../fresh-database.js';
import { liveNetwork, until } from '../service.js';
import { importInto } from './import-into.js';

const folder = mkdtempSync(join(tmpdir(), 'recollect-import-'));
const caseFile = (name: string): string => fileURLToPath(new URL(`cases/${name}`, import.meta.url));
let database: FreshDatabase;

beforeEach(async () => {
  database = await freshDatabase('import_command_spec');
});
afterEach(async () => {
  await database.drop();
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

interface Ended {
  readonly code: number | null;
  readonly output: string;
  /** the last line */
  readonly figures: unknown;
}

function start(args: readonly string[], environment: Readonly<Record<string, string>> = {}): ChildProcess {
  return spawn(process.execPath, ['dist/src/cli/recollect.js', ...args], {
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: process.env.RECOLLECT_TEST_DATABASE_URL,
      DATABASE_SCHEMA: 'import_command_spec',
      ...environment,
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}

async function ended(child: ChildProcess): Promise<Ended> {
  let output = '';
  child.stdout?.on('data', (text: Buffer) => (output += text.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  const last = output.trim().split('\n').at(-1) ?? '';
  return { code, output, figures: last === '' ? null : JSON.parse(last) };
}

const query = async <R>(sql: string): Promise<R[]> => database.dataSource.query(sql);
const count = async (): Promise<number> =>
  (await query<{ n: number }>('SELECT count(*)::int AS n FROM interaction'))[0]?.n ?? 0;

/** Rows without ids, each ten of one user; some say the same. */
function rowsFile(name: string, rows: number): string {
  const path = join(folder, name);
  const text = Array.from({ length: rows }, (_, n) => {
    const occurredAt = new Date(Date.UTC(2026, 3, 2, 8, n % 10 === 9 ? 8 : n % 10)).toISOString();
    return JSON.stringify({
      userId: `u${Math.floor(n / 10)}`,
      itemId: `i${n % 10 === 9 ? 8 : n % 10}`,
      kind: 'view',
      occurredAt,
    });
  });
  writeFileSync(path, text.join('\n'));
  return path;
}

describe('the command import', () => {
  it.each(['America/New_York', 'Asia/Kolkata'])('F08: reads the same instants in the zone %s', async (TZ) => {
    const file = caseFile('f08-times.jsonl');
    const { code, figures } = await ended(start(['import', file], { TZ }));
    expect(code).toBe(1);
    expect(figures).toEqual({
      import: file,
      rows: 12,
      added: 3,
      duplicates: 0,
      refused: 9,
      rowsPerSecond: expect.any(Number),
    });
    const rows = await query<{ id: string; at: Date }>('SELECT id, occurred_at AS at FROM interaction ORDER BY id');
    expect(rows.map(({ id, at }) => [id, at.toISOString()])).toEqual([
      ['t04', '2026-05-01T10:00:00.000Z'],
      ['t05', '2026-05-01T10:00:00.000Z'],
      ['t09', '2026-05-01T10:00:00.123Z'],
    ]);
  });

  it('takes the standard input', async () => {
    const child = start(['import', '-', '--format', 'csv']);
    child.stdin?.end('userId,itemId,kind,occurredAt\nu,a,view,2026-04-02T08:00:00Z');
    expect(await ended(child)).toMatchObject({
      code: 0,
      figures: { import: '-', added: 1, duplicates: 0, refused: 0 },
    });
    expect(await count()).toBe(1);
  }, 110_000);

  it('F12: leaves nothing of a first load that is killed, and all of it after the next run', async () => {
    const file = rowsFile('first.jsonl', 50_000);
    const child = start(['import', file]);
    await until(async () => {
      const [copy] = await query<{ rows: string }>(
        `SELECT tuples_processed AS rows FROM pg_stat_progress_copy WHERE relid = 'interaction'::regclass`,
      );
      return Number(copy?.rows ?? 0) > 0;
    }, 60_000);
    child.kill('SIGKILL');
    await once(child, 'close');
    expect(await count()).toBe(0);
    expect(await importInto(database, [file])).toMatchObject({ rows: 50_000, added: 50_000, duplicates: 0 });
    expect(await count()).toBe(50_000);
  }, 300_000);

  it('F12: goes on after it was killed under a live model, and the memories are those of one run', async () => {
    const network = await liveNetwork(
      database,
      Array.from({ length: 10 }, (_, n) => `i${n}`),
    );
    const file = rowsFile('killed.jsonl', 10_000);
    const child = start(['import', file]);
    await until(async () => (await count()) > 0, 60_000);
    child.kill('SIGKILL');
    await once(child, 'close');
    const before = await count();
    expect(before).toBeLessThan(10_000);
    const report = await importInto(database, [file]);
    expect(report).toMatchObject({ rows: 10_000, added: 10_000 - before, duplicates: before });
    expect(await count()).toBe(10_000);
    const rows = [0, 1, 2, 3, 4, 5, 6, 7, 8, 8].map((n) => network.vocabulary.rowOf(`i${n}`));
    const state = encodeState(network.trace(rows).state);
    const memories = await query<{ state: Buffer }>('SELECT state FROM user_memory');
    expect(memories).toHaveLength(1_000);
    expect(memories.every((memory) => memory.state.equals(state))).toBe(true);
  }, 300_000);
});
