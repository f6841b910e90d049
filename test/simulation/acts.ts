/** What begins in a history, or changes, from outside: beside the messages of the broker, all that clients and operators do. */
import { requestReplay } from '../../src/storage/replay-request.store.js';
import type { Messages } from './messages.js';
import { safely, type Processes } from './processes.js';
import type { Random } from './random.js';
import type { SimulatedProcess, Work } from './simulated-process.js';
import type { Schedule } from './schedule.js';

export class Acts {
  readonly did = { promotions: 0, rebuilds: 0, tracked: 0, edits: 0 };
  readonly damaged = new Set<string>();

  constructor(
    private readonly random: Random,
    private readonly schedule: Schedule,
    private readonly processes: Processes,
    private readonly messages: Messages,
    /** models that may serve */
    private readonly versions: readonly number[],
    private readonly users: number,
  ) {}

  async act(): Promise<void> {
    const { processes, random } = this;
    const choice = random.next();
    if (choice < 0.15) this.promote();
    else if (choice < 0.22) this.processes.start(this.promotion(true));
    else if (choice < 0.42) this.track();
    else if (choice < 0.48) this.damage();
    else if (choice < 0.55) this.askForReplay(this.userId());
    else if (choice < 0.63) processes.alive()?.replays.wake();
    else if (choice < 0.8) this.edit();
    else if (choice < 0.84) await this.schedule.kill(processes.pick().connections);
  }

  promote(): void {
    this.processes.start(this.promotion());
  }

  /** A model, drawn now, is made to serve; or the memories of what serves are made anew. */
  promotion(isRebuild = false): (process: SimulatedProcess) => Promise<unknown> {
    const version = this.random.pick(this.versions);
    const label: Work = { kind: 'promotion' };
    return safely(async (process) =>
      this.schedule.work.run(label, async () =>
        isRebuild ? this.rebuild(process, version) : this.serve(process, version),
      ),
    );
  }

  private async serve({ promotion }: SimulatedProcess, version: number): Promise<void> {
    this.did.promotions += 1;
    await promotion.promote(version);
  }

  /** Where nothing serves yet, something is made to. */
  private async rebuild({ live, promotion }: SimulatedProcess, version: number): Promise<void> {
    if ((await live.refresh()) === null) await promotion.promote(version);
    this.did.rebuilds += 1;
    await promotion.rebuild();
  }

  private track(): void {
    const facts = Array.from({ length: 1 + this.random.below(5) }, () => this.messages.fact(null));
    this.did.tracked += 1;
    const track = async (process: SimulatedProcess): Promise<unknown> => process.track(facts);
    this.processes.start(track);
    if (this.random.chance(0.3)) this.processes.start(track); // a client that sends it twice at once
  }

  /** Sometimes of a user who is replayed meanwhile. */
  private edit(): void {
    this.did.edits += 1;
    const edit = this.messages.edit();
    if (this.random.chance(0.3)) this.askForReplay(edit.userId);
    this.processes.start(async (process) => process.edit(edit));
  }

  /** A bit of a memory flips; the user's next event finds it. */
  private damage(): void {
    const userId = this.userId();
    this.damaged.add(userId);
    const sql = 'UPDATE user_memory SET state = set_byte(state, 3, get_byte(state, 3) # 1) WHERE user_id = $1';
    this.processes.start(safely(async (process) => process.connections.dataSource.query(sql, [userId])));
  }

  private askForReplay(userId: string): void {
    const ask = async (process: SimulatedProcess): Promise<void> => {
      await requestReplay(process.connections.dataSource.manager, [userId]);
      process.replays.wake();
    };
    this.processes.start(safely(ask));
  }

  private userId(): string {
    return `user ${this.random.below(this.users)}`;
  }
}
