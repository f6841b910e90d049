/** The set-up step that brings the native TensorFlow library. */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';

const timeoutMs = 120_000;
const run = promisify(execFile);

describe('stage-tensorflow', () => {
  it(
    'has nothing left to do, and is quick about it, when the library is ready',
    async () => {
      const script = join('src', 'embedded', 'stage-tensorflow.mjs');
      await run(process.execPath, [script]);
      const started = performance.now();
      expect((await run(process.execPath, [script])).stdout).toBe('TensorFlow is ready\n');
      expect(performance.now() - started).toBeLessThan(1_500);
    },
    timeoutMs,
  );

  it(
    'fails with what to install where there is no compiler, no pip and no download',
    async () => {
      const project = await mkdtemp(join(tmpdir(), 'recollect-stage-'));
      try {
        const tfjs = join('node_modules', '@tensorflow', 'tfjs-node');
        await mkdir(join(project, tfjs), { recursive: true });
        await cp(join('src', 'embedded'), join(project, 'src', 'embedded'), {
          recursive: true,
          filter: (file) => !file.includes('.') || file.endsWith('.mjs'),
        });
        for (const part of ['package.json', 'binding'])
          await cp(join(tfjs, part), join(project, tfjs, part), { recursive: true });
        const env = { PATH: project, RECOLLECT_CACHE_DIR: join(project, 'cache') };
        const staging = run(process.execPath, [join(project, 'src', 'embedded', 'stage-tensorflow.mjs')], { env });
        await expect(staging).rejects.toMatchObject({
          code: 1,
          stderr: expect.stringMatching(
            /`g\+\+` does not run here[^]*Install python3 with pip and g\+\+[^]*everything else is/,
          ),
        });
      } finally {
        await rm(project, { recursive: true });
      }
    },
    timeoutMs,
  );
});
