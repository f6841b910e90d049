/** The topics of a history: what lies in them, who has which partition, and how it is delivered. */
import { Expectation, type Standing } from './expectation.js';
import type { Messages } from './messages.js';
import type { Random } from './random.js';
import type { Delivery, SimulatedProcess } from './simulated-process.js';

export const topicPrefix = 'simulation.';
const interactionsTopic = `${topicPrefix}interactions`;
const usersTopic = `${topicPrefix}users`;
const partitionsOfInteractions = 3;

/** Who has a partition. A process that lost it goes on with its batches for a while, as one does that was not told yet. */
interface Ownership {
  readonly process: SimulatedProcess;
  isOver: boolean;
  batchesLeft: number;
}

export class Broker {
  /** batches that were delivered */
  batches = 0;
  private readonly owners = new Map<Standing, Ownership>();
  private poisonLeft: number;

  constructor(
    private readonly random: Random,
    private readonly expectation: Expectation,
    private readonly messages: Messages,
  ) {
    for (let partition = 0; partition < partitionsOfInteractions; partition++)
      expectation.addPartition({ topic: interactionsTopic, partition });
    expectation.addPartition({ topic: usersTopic, partition: 0 });
    this.poisonLeft = random.chance(0.15) ? 1 : 0;
  }

  get isRead(): boolean {
    return this.expectation.partitions.every((place) => place.nextOffset >= endOf(place));
  }

  /** Producers write, and partitions change hands. */
  act(): void {
    for (const place of this.expectation.partitions) {
      if (this.random.chance(0.6)) this.produce(place, 1 + this.random.below(8));
      if (this.random.chance(0.15)) this.takeAway(place);
    }
  }

  takeAllAway(): void {
    for (const place of this.expectation.partitions) this.takeAway(place);
  }

  /** Gives out the partitions that nobody has and that have something to read, each to somebody who is picked; returns their work. */
  giveOut(pick: () => SimulatedProcess | null): readonly Promise<unknown>[] {
    return this.expectation.partitions.flatMap((place) => {
      const process = pick();
      if (this.owners.has(place) || process === null || place.nextOffset >= endOf(place)) return [];
      const owner: Ownership = { process, isOver: false, batchesLeft: 0 };
      this.owners.set(place, owner);
      const consumed = process.consume(place, (next) => this.deliver(place, owner, next));
      return [
        Promise.race([consumed, process.connections.death]).finally(() => {
          if (this.owners.get(place) === owner) this.owners.delete(place);
        }),
      ];
    });
  }

  /** Partitions of a transactional or compacted topic have gaps. */
  private produce(place: Standing, count: number): void {
    const { random } = this;
    for (let n = 0; n < count; n++) {
      const offset = endOf(place) + BigInt(random.chance(0.1) ? 1 + random.below(3) : 0);
      const isPoison = place.topic === interactionsTopic && this.poisonLeft > 0 && random.chance(0.05);
      if (isPoison) this.poisonLeft -= 1;
      place.messages.push(
        place.topic === usersTopic
          ? this.messages.profile(offset)
          : this.messages.interaction(place.topic, place.partition, offset, isPoison),
      );
    }
  }

  private takeAway(place: Standing): void {
    const owner = this.owners.get(place);
    this.owners.delete(place);
    if (owner !== undefined) Object.assign(owner, { isOver: true, batchesLeft: this.random.below(3) });
  }

  /** The next messages, cut anyhow; now and then with some before them that were applied already. */
  private deliver({ messages }: Standing, owner: Ownership, next: bigint): Delivery | null {
    const { random } = this;
    if (owner.process.isDead || (owner.isOver && owner.batchesLeft-- <= 0)) return null;
    const first = messages.findIndex(({ offset }) => offset >= next);
    if (first < 0) return null;
    const from = random.chance(0.2) ? Math.max(0, first - random.below(6)) : first;
    const delivered = messages.slice(from, first + 1 + random.below(random.pick([1, 4, 12])));
    const last = delivered.at(-1);
    if (last === undefined) return null;
    this.batches += 1;
    return { messages: delivered, endOffset: last.offset + 1n };
  }
}

function endOf({ messages }: Standing): bigint {
  return (messages.at(-1)?.offset ?? -1n) + 1n;
}
