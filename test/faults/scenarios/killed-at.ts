/** kill -9 of the consumer exactly between two steps of a batch, again and again. */
import { uniform } from '../events.js';
import type { Scenario } from '../scenario.js';
import type { Stage } from '../stage.js';
import type { Sight } from '../wire.js';

/** Kills while the piece is withheld: whoever was to get it never does. */
async function killAt(stage: Stage, sight: Sight, occurrence: number): Promise<void> {
  const process = stage.start({ isAlone: true });
  let [seen, isKilled] = [0, false];
  stage.onSight = (one) => {
    if (isKilled || one !== sight || ++seen < occurrence) return 'pass';
    process.signal('SIGKILL');
    isKilled = true;
    return 'withhold';
  };
  await stage.until(`'${sight}' is seen`, () => isKilled || process.exitCode !== null);
  if (!isKilled) throw new Error(`the process ended by itself, with ${process.exitCode}`);
  await stage.kill(process);
  stage.onSight = () => 'pass';
}

function killedAt(name: string, sights: readonly [Sight, ...Sight[]], about: string): Scenario {
  return {
    name,
    about,
    partitions: 12,
    settings: { RECOLLECT_INGEST_BATCH_COUNT: '40' },
    play: async (stage, size) => {
      const kills = size === 'full' ? 100 : 2;
      await stage.sendTraffic(kills * 150);
      const random = uniform(5);
      for (let kill = 0; kill < kills; kill++)
        await killAt(stage, sights[kill % sights.length] ?? sights[0], 1 + Math.floor(3 * random()));
      stage.start({ isAlone: true });
      await stage.untilConsumed();
      return stage.judge();
    },
  };
}

export const killedBeforeCommit = killedAt(
  'killed-before-commit',
  ['commit sent'],
  'the consumer dies when a batch is applied and its COMMIT has not reached Postgres',
);

export const killedAfterCommit = killedAt(
  'killed-after-commit',
  ['commit answered', 'offset commit sent'],
  'the consumer dies when Postgres has committed a batch and the brokers have not been told',
);

export const killedAfterOffsetCommit = killedAt(
  'killed-after-offset-commit',
  ['offset commit answered'],
  'the consumer dies when Postgres has committed a batch and the brokers have been told',
);
