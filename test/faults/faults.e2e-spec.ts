import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeWithBroker } from '../service.js';
import { play, type Played } from './play.js';
import { scenarios } from './scenarios.js';
import { Services } from './services.js';
import { tableOf } from './table.js';

describeWithBroker('the database equals a replay of the topic after faults, in their short form', () => {
  let folder: string;
  let services: Services;
  const played: Played[] = [];
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'recollect-faults-'));
    services = await Services.start(folder);
  }, 120_000);
  afterAll(async () => {
    await services.stop();
    rmSync(folder, { recursive: true, force: true });
    process.stdout.write(`\n${tableOf(played)}\n`);
  }, 60_000);

  it.each(scenarios)(
    '$name: $about',
    async (scenario) => {
      const one = await play(services, scenario, 'short');
      played.push(one);
      expect(one.failure).toBeNull();
    },
    300_000,
  );
});
