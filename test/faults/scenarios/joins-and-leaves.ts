/** Three consumers of which one after the other leaves, in order or killed, and another joins. */
import { uniform } from '../events.js';
import type { Scenario } from '../scenario.js';

export const joinsAndLeaves: Scenario = {
  name: 'joins-and-leaves',
  about:
    'of three consumers one after the other leaves or is killed and another joins, so that partitions change hands',
  partitions: 12,
  settings: { RECOLLECT_INGEST_BATCH_COUNT: '100' },
  play: async (stage, size) => {
    const rounds = size === 'full' ? 30 : 1;
    const random = uniform(2);
    let members = [stage.start(), stage.start(), stage.start()];
    for (const member of members) await stage.untilJoined(member);
    await stage.whileSending(500, async () => {
      for (let round = 0; round < rounds; round++) {
        await stage.untilProgress();
        const leaver = members[Math.floor(random() * members.length)];
        if (leaver === undefined) throw new Error('there is always a member');
        if (round % 3 === 2) await stage.kill(leaver);
        else {
          await leaver.stop();
          stage.faultEnds();
        }
        const joiner = stage.start();
        members = [...members.filter((member) => member !== leaver), joiner];
        await stage.untilJoined(joiner);
      }
    });
    await stage.untilConsumed();
    return stage.judge();
  },
};
