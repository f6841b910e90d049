import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeWithBroker } from '../service.js';
import { play, type Played } from './play.js';
import { scenarios } from './scenarios.js';
import { Services } from './services.js';
import { Stage } from './stage.js';
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

  it('is told from a database that does not', async () => {
    const stage = await Stage.open(services, { name: 'tampered' });
    try {
      const process = stage.start();
      await stage.sendTraffic(200);
      await stage.untilConsumed();
      await process.kill();
      const [first, second] = await stage.query<{ id: string; user_id: string }>(
        `SELECT id, user_id FROM interaction WHERE id ~ '^event' ORDER BY id`,
      );
      const [removed, changed] = [first?.id ?? '', second?.id ?? ''];
      const [other, last] = (
        await stage.query<{ user_id: string }>(
          'SELECT user_id FROM user_memory WHERE user_id <> ALL($1) ORDER BY user_id LIMIT 2',
          [[first?.user_id, second?.user_id]],
        )
      ).map((row) => row.user_id);
      const tampering: readonly (readonly [string, readonly unknown[]])[] = [
        ['DELETE FROM interaction WHERE id = $1', [removed]],
        [`UPDATE interaction SET item_id = 'another' WHERE id = $1`, [changed]],
        [
          `INSERT INTO interaction (user_id, id, item_id, kind, occurred_at)
           SELECT user_id, 'twice', item_id, kind, occurred_at FROM interaction WHERE user_id = $1 LIMIT 1`,
          [other],
        ],
        ['UPDATE item_count SET count = count + 3 WHERE ctid = (SELECT min(ctid) FROM item_count)', []],
        [
          'UPDATE user_memory SET interactions_applied = interactions_applied + 1, checksum = 0 WHERE user_id = $1',
          [last],
        ],
        ['UPDATE user_memory SET state = set_byte(state, 8, get_byte(state, 8) # 1) WHERE user_id = $1', [other]],
        ['DELETE FROM dead_letter WHERE ctid = (SELECT min(ctid) FROM dead_letter)', []],
        [
          'UPDATE consumer_progress SET next_offset = next_offset + 1 WHERE topic = $1 AND partition = 0',
          [stage.topic],
        ],
      ];
      for (const [sql, parameters] of tampering) await stage.query(sql, parameters);
      const { lost, doubled, differences } = await stage.judge();
      expect([lost, doubled]).toEqual([2, 3]); // one of the log and one dead letter; three of a count, the most of any table
      for (const difference of [
        new RegExp(`the log lacks .* ${removed}$`),
        new RegExp(`${changed} is .*"itemId":"another"`),
        new RegExp(`the log has ${other ?? ''} twice, the topic does not`),
        /the count of item .* is \d+, not \d+/,
        new RegExp(`the number of interactions in the memory of ${last ?? ''} is`),
        new RegExp(`the memory of ${other ?? ''} has other bits`),
        /is not among the dead letters/,
        /partition 0 stands at/,
      ])
        expect(differences).toContainEqual(expect.stringMatching(difference));
    } finally {
      await stage.close();
    }
  }, 120_000);

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
