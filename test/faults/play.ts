/** Plays a scenario on a stage of its own. */
import type { Scenario, Size } from './scenario.js';
import type { Services } from './services.js';
import { Stage, type Outcome } from './stage.js';

export interface Played {
  readonly name: string;
  readonly seconds: number;
  /** null: it did not come to its end */
  readonly outcome: Outcome | null;
  /** why it failed, in words; null: it did not */
  readonly failure: string | null;
}

const linesOfLog = 15;

export async function play(services: Services, scenario: Scenario, size: Size): Promise<Played> {
  const started = Date.now();
  const stage = await Stage.open(services, scenario);
  const ending = await scenario.play(stage, size).then(judged, (error: unknown) => failed(stage, error));
  const seconds = (Date.now() - started) / 1_000;
  await services.restore();
  await stage.close();
  return { name: scenario.name, seconds, ...ending };
}

type Ending = Pick<Played, 'outcome' | 'failure'>;

function judged(outcome: Outcome): Ending {
  const { lost, doubled, differences } = outcome;
  const isRight = lost === 0 && doubled === 0 && differences.length === 0;
  return { outcome, failure: isRight ? null : `${lost} lost, ${doubled} doubled\n  ${differences.join('\n  ')}` };
}

function failed(stage: Stage, error: unknown): Ending {
  const log = stage.processes.at(-1)?.log.trim().split('\n').slice(-linesOfLog).join('\n  ') ?? '';
  const reason = error instanceof Error ? error.stack : String(error);
  return { outcome: null, failure: `${reason}\n  ${log}` };
}
