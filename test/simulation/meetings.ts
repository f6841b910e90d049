/**
 * Pieces of work that meet on one user whom nothing else touches, so that what goes wrong between them stays for the end to see; while
 * they do nothing else goes on.
 */
import { requestReplay } from '../../src/storage/replay-request.store.js';
import type { Acts } from './acts.js';
import { drawPause, Duel, type Party } from './duel.js';
import type { Messages } from './messages.js';
import { safely, type Processes } from './processes.js';
import type { Random } from './random.js';
import type { Schedule } from './schedule.js';
import type { SimulatedProcess, Work } from './simulated-process.js';

interface Side {
  readonly isOf: Party;
  readonly begin: (process: SimulatedProcess) => Promise<unknown>;
}

type Kind = 'track' | 'edit' | 'editAndTrack' | 'erase' | 'replay' | 'promotion' | 'several';

/** The first one is the one that is held. */
type Pair = readonly [first: Kind, second: Kind];

const pairs: readonly Pair[] = [
  ['track', 'edit'],
  ['edit', 'track'],
  ['edit', 'edit'],
  ['replay', 'edit'],
  ['replay', 'editAndTrack'],
  ['replay', 'track'],
];
/** Of a user who has no memory yet. */
const firstPairs: readonly Pair[] = [
  ['track', 'erase'],
  ['track', 'erase'],
  ['track', 'track'],
];
/** One in a history, and before the others: it makes the memories of all anew, those too that are wrong. */
const promotionPairs: readonly Pair[] = [
  ['promotion', 'several'],
  ['promotion', 'several'],
  ['track', 'promotion'],
  ['edit', 'promotion'],
];

/** Whose logs are edited beside. */
const guests = ['other guest 1', 'other guest 2', 'other guest 3'];

/** What is under way before it is decided what comes of it, roughly. */
const statementsOf: Readonly<Record<Kind, number>> = {
  ...{ track: 12, edit: 20, editAndTrack: 20, erase: 20, replay: 18, promotion: 30, several: 20 },
};

export class Meetings {
  count = 0;

  constructor(
    private readonly random: Random,
    private readonly schedule: Schedule,
    private readonly processes: Processes,
    private readonly messages: Messages,
    private readonly acts: Acts,
  ) {}

  /** What all of them need is done first, together; then one begins when the one before is done. */
  async play(times: number, finish: () => Promise<void>): Promise<void> {
    const userIds = Array.from({ length: times }, (_, n) => `guest ${n}`);
    const everybody = [...userIds, ...guests];
    const facts = everybody.flatMap((userId) => [1, 2, 3].map((minute) => this.messages.ofUser(userId, minute)));
    this.processes.start(async (process) => process.track(facts));
    await finish();
    for (const [n, userId] of userIds.entries()) {
      await this.processes.revive();
      const isNew = n > 0 && this.random.chance(0.25);
      const pair = this.random.pick(n === 0 ? promotionPairs : isNew ? firstPairs : pairs);
      await this.meet(isNew ? `new ${userId}` : userId, pair, finish);
    }
  }

  private async meet(userId: string, [first, second]: Pair, finish: () => Promise<void>): Promise<void> {
    this.count += 1;
    const one = this.sideOf(first, userId);
    const other = this.sideOf(second, userId);
    const pause = drawPause(this.random, statementsOf[first]);
    const ask = async ({ connections }: SimulatedProcess): Promise<void> =>
      requestReplay(connections.dataSource.manager, [userId]);
    if (first === 'replay') this.processes.start(safely(ask));
    this.processes.refresh(); // else the first try of most would end at another model
    await finish();
    this.schedule.fight(new Duel(one.isOf, other.isOf, pause));
    this.processes.start(one.begin);
    this.processes.start(other.begin);
    await finish();
  }

  private sideOf(kind: Kind, userId: string): Side {
    switch (kind) {
      case 'track':
        return this.track(userId);
      case 'edit':
        return this.edit(userId);
      case 'editAndTrack':
        return inTurn([this.edit(userId), this.track(userId)]);
      case 'several':
        return inTurn([this.edit(userId), ...guests.map((guest) => this.edit(guest)), this.track(userId)]);
      case 'erase':
        return this.edit(userId, 'erase');
      case 'replay':
        return { isOf: isKind(kind), begin: async ({ replays }) => Promise.resolve((replays.wake(), null)) };
      case 'promotion':
        return { isOf: isKind(kind), begin: this.acts.promotion(this.random.chance(0.7)) };
    }
  }

  /** What comes next of the user, or came late, or both. */
  private track(userId: string): Side {
    const minutes = this.random.pick([[10], [2], [2, 10], [10, 2]]);
    const facts = minutes.map((minute) => this.messages.ofUser(userId, minute));
    this.acts.did.tracked += 1;
    return { isOf: (label) => isTrackOf(facts, label), begin: async (process) => process.track(facts) };
  }

  private edit(userId: string, kind?: 'erase'): Side {
    const edit = kind === undefined ? this.messages.editOfUser(userId) : ({ kind, userId } as const);
    this.acts.did.edits += 1;
    return {
      isOf: (label) => isKind('edit')(label) && (label as { readonly edit: unknown }).edit === edit,
      begin: async (process) => process.edit(edit),
    };
  }
}

function inTurn(sides: readonly Side[]): Side {
  return {
    isOf: (label) => sides.some(({ isOf }) => isOf(label)),
    begin: async (process) => {
      for (const { begin } of sides) {
        const fault = await begin(process);
        if (fault !== null) return fault;
      }
      return null;
    },
  };
}

function isKind(kind: Work['kind']): Party {
  return (label) => (label as Work | undefined)?.kind === kind;
}

function isTrackOf(facts: unknown, label: unknown): boolean {
  return isKind('tracked')(label) && (label as { readonly facts: unknown }).facts === facts;
}
