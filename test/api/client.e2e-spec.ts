import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { promoteRandom, putItems, startApi, track } from './running-api.js';

const run = promisify(execFile);

it('the typed client asks, tracks, hears of the change and reads it back', async () => {
  const api = await startApi('client_spec');
  try {
    const items = ['a', 'b', 'c', 'd'];
    await putItems(api, items);
    await promoteRandom(api, items, { width: 8, slots: 2 });
    await track(api, [{ userId: '414', itemId: 'a' }]);
    const app = api.app as NestFastifyApplication;
    await app.listen(0, '127.0.0.1');
    const key = await api.newKey(['reader', 'writer']);
    const example = async (asKey: string) =>
      run(process.execPath, ['dist/examples/client/example.js', await app.getUrl(), asKey, '414'], { timeout: 30_000 });
    const { stdout } = await example(key);
    const lines = stdout.trim().split('\n');
    expect(lines[0]).toMatch(/^MEMORY: Title of [bcd], Title of [bcd], Title of [bcd]$/);
    const first = /Title of (.)/.exec(lines[0] ?? '')?.[1] ?? '';
    expect(lines[1]).toMatch(new RegExp(`^  ${first} since a \\(influence -?[\\d.e-]+\\)$`));
    expect(lines.slice(4)).toEqual([
      expect.stringMatching(/^memory of 1 interactions: .+ \d+ % \| .+ \d+ %$/),
      'tracked: 1',
      expect.stringMatching(/^memory of 2 interactions: /),
      `last: click Title of ${first}`,
    ]);
    await expect(example('rk_wrong')).rejects.toMatchObject({
      stderr: expect.stringMatching(/code: 'UNAUTHENTICATED'/),
    });
  } finally {
    await api.stop();
  }
});
