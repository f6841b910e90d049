/** The program as a container starts it, on a schema of the test's database. */
import { spawn, type ChildProcess } from 'node:child_process';
import { freePort } from '../src/embedded/postgres.js';

export interface Started {
  readonly url: string;
  readonly child: ChildProcess;
  /** what it has written so far, to either stream */
  readonly output: () => string;
}

export async function startProgram(schema: string, environment: Readonly<Record<string, string>>): Promise<Started> {
  const port = await freePort();
  let output = '';
  const child = spawn(process.execPath, ['dist/src/main.js'], {
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: process.env.RECOLLECT_TEST_DATABASE_URL,
      DATABASE_SCHEMA: schema,
      RECOLLECT_PORT: String(port),
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (output += text.toString()));
  return { url: `http://127.0.0.1:${port}`, child, output: () => output };
}
