/** The demo as `npm run demo` starts it, but on the broker and the Postgres of the end-to-end run, and with a short training. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { readFilms, readRatings } from '../src/cli/demo/movielens.js';
import { describeWithBroker, testIngestion, until, type TestIngestion } from './service.js';
import { expectMemoriesToEqualTheLog } from './written-log.js';

const main = fileURLToPath(new URL('../dist/src/cli/recollect.js', import.meta.url));
const shortTraining = {
  RECOLLECT_TRAIN_RECIPE: '{"width":16,"batchPositions":2048}',
  RECOLLECT_TRAIN_EPOCHS: '1',
  RECOLLECT_TRAIN_THREADS: '1',
  RECOLLECT_TRAIN_DEVICE: 'cpu',
};
/** whom the demo shows */
const userId = '42';

interface Demo {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** its exit code */
  end(timeoutMs: number): Promise<number | null>;
}

describeWithBroker('the demo', () => {
  const folder = mkdtempSync(join(tmpdir(), 'recollect-demo-'));
  let ingestion: TestIngestion;
  beforeAll(async () => {
    ingestion = await testIngestion('demo_spec');
  });
  afterAll(async () => {
    await ingestion.close();
    rmSync(folder, { recursive: true });
  });

  const start = (...words: readonly string[]): Demo => {
    const settings = { ...ingestion.settings, ...shortTraining, RECOLLECT_PORT: '0', RECOLLECT_DATA_DIR: folder };
    const child = spawn(process.execPath, [main, 'demo', ...words], {
      env: { PATH: process.env.PATH, ...settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (output += text.toString()));
    const end = async (timeoutMs: number): Promise<number | null> => {
      const exit = once(child, 'exit', { signal: AbortSignal.timeout(timeoutMs) }) as Promise<[number | null]>;
      const [code] = await exit.catch(() => {
        child.kill('SIGKILL');
        throw new Error(`the demo goes on:\n${output}`);
      });
      return code;
    };
    return { child, output: () => output, end };
  };
  /** What the demo printed on its way to its end. */
  const played = async (timeoutMs: number): Promise<string> => {
    const demo = start('--once');
    const code = await demo.end(timeoutMs);
    expect({ code, output: demo.output() }).toEqual({ code: 0, output: expect.stringContaining('From the start to') });
    return demo.output();
  };
  const messagesOfKafka = async (): Promise<number> => {
    const ends = await ingestion.admin.fetchTopicOffsets(ingestion.topics.interactions);
    return ends.reduce((sum, { high }) => sum + Number(high), 0);
  };
  const countOf = async (sql: string): Promise<number> => {
    const rows = await ingestion.database.dataSource.query<{ count: string }[]>(`SELECT count(*) FROM ${sql}`);
    return Number(rows[0]?.count);
  };

  it('ends when it is asked to before it consumes', async () => {
    const demo = start();
    await until(async () => Promise.resolve(demo.output().includes('Postgres of DATABASE_URL')), 60_000);
    demo.child.kill('SIGTERM');
    expect(await demo.end(60_000)).toBe(0);
    expect(demo.output()).toContain('stopping');
  }, 150_000);

  it('brings all ratings through Kafka into memories, trains, and answers out of the memory, also what is new', async () => {
    const ratings = readRatings();
    const seen = ratings.filter((rating) => rating.userId === userId).length;
    const output = await played(500_000);

    expect(output).toContain('ratings through Kafka 100 %');
    expect(await messagesOfKafka()).toBe(ratings.length + 3);
    expect(await countOf('interaction')).toBe(ratings.length + 3);
    expect(await countOf('dead_letter')).toBe(0);
    expect(await countOf('item WHERE deleted_at IS NULL')).toBe(readFilms().length);
    await expectMemoriesToEqualTheLog(ingestion.database.dataSource, 1);

    const first = answerIn(output, `Recommended to user ${userId} (MEMORY, model 1, ${seen} interactions seen)`);
    const second = answerIn(output, `(MEMORY, model 1, ${seen + 3} interactions seen)`);
    for (const films of [first, second]) expect(new Set(films).size).toBe(10);
    const watched = /Three new interactions of user 42 through Kafka: (.*)/.exec(output)?.[1]?.split(' · ');
    expect(first.slice(0, 3).map((film) => film.replace(/ \[.*\]$/, ''))).toEqual(watched);
    expect(second.filter((film) => first.slice(0, 3).includes(film))).toEqual([]); // what was seen just now is not recommended again
    expect(output).toContain(`and the memory: 4 slots made of ${seen + 3} interactions`);
  }, 600_000);

  it('finds everything at the second start and goes straight to the answer', async () => {
    const seen = await countOf(`interaction WHERE user_id = '${userId}'`);
    const before = await messagesOfKafka();
    const output = await played(200_000);
    expect(output).not.toMatch(/^ {2}(films|ratings|training) /m);
    answerIn(output, `Recommended to user ${userId} (MEMORY, model 1, ${seen} interactions seen)`);
    expect(await messagesOfKafka()).toBe(before + 3);
  }, 250_000);
});

/** The films below this title, the best first. */
function answerIn(output: string, title: string): readonly string[] {
  expect(output).toContain(title);
  const [answer = ''] = output.slice(output.indexOf(title) + title.length).split('because of');
  return [...answer.matchAll(/^ [ *] ?\d+\. +\S+ {2}(.*)$/gm)].map(([, film = '']) => film);
}
