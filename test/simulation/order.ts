/** Which of the statements that wait is the next one: that of the connection that went on last, mostly, or any; in a duel those of its turn. */
import type { SeenClient, Statement } from './connections.js';
import type { Duel } from './duel.js';
import type { InFlight } from './in-flight.js';
import type { Random } from './random.js';

export class Order {
  private lastClient: SeenClient | null = null;
  private duel: Duel | null = null;

  constructor(
    private readonly random: Random,
    /** how often the connection of the last statement goes on */
    private readonly stickiness: number,
    private readonly inFlight: InFlight,
  ) {}

  /** From the next statement on; it takes the place of one that is under way. */
  fight(duel: Duel): void {
    this.duel = duel;
  }

  next(waiting: readonly Statement[]): Statement {
    const { duel, random } = this;
    const allowed = duel?.turnOf(waiting) ?? [];
    if (duel !== null && allowed.length === 0 && !this.inFlight.hasOf(duel.isOf)) this.duel = null;
    const among = allowed.length > 0 ? allowed : waiting;
    const last = among.find(({ client }) => client === this.lastClient);
    const one = last !== undefined && random.chance(this.stickiness) ? last : random.pick(among);
    duel?.letGo(one);
    this.lastClient = one.client;
    return one;
  }
}
