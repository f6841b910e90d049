/**
 * SIGSTOP of a consumer until its group has given its partitions to another, then SIGCONT: what it had under way must come to nothing.
 * It is stopped before and after it has locked the progress of its partition, and while it replays late events for all consumers; a
 * lock that a frozen process holds must not keep others out.
 */
import type { Scenario } from '../scenario.js';
import type { Stage } from '../stage.js';
import type { Sight } from '../wire.js';

async function freezeAt(stage: Stage, sight: Sight): Promise<void> {
  const zombie = stage.start();
  let isFrozen = false;
  stage.onSight = (one) => {
    if (!isFrozen && one === sight) {
      zombie.signal('SIGSTOP');
      isFrozen = true;
    }
    return 'pass';
  };
  await stage.until(`'${sight}' is seen`, () => isFrozen);
  stage.faultEnds();
  const heir = stage.start();
  await stage.untilConsumed();

  let hasFailed = false;
  stage.onSight = (one) => {
    hasFailed ||= one === 'rollback answered';
    return 'pass';
  };
  zombie.signal('SIGCONT');
  const isTold = (): boolean => hasFailed || zombie.log.includes('terminating connection');
  await stage.until("the zombie's write fails", isTold, 60_000);
  await stage.sendTraffic(500);
  await stage.untilConsumed();
  await Promise.all([zombie.stop(), heir.stop()]);
}

export const frozen: Scenario = {
  name: 'frozen',
  about:
    'a consumer is stopped in the middle of a batch, another takes over, and the first goes on as if nothing had been',
  settings: { RECOLLECT_INGEST_BATCH_COUNT: '100' },
  play: async (stage, size) => {
    const sights: readonly Sight[] = ['progress locked', 'batch begun', 'replay begun'];
    const rounds = size === 'full' ? 9 : 1;
    for (let round = 0; round < rounds; round++) {
      await stage.sendTraffic(2_000);
      await freezeAt(stage, sights[round % sights.length] ?? 'batch begun');
    }
    return stage.judge();
  },
};
