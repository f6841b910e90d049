/**
 * What passes between the service and its servers, as far as a fault is to hit at a given step of a batch:
 *
 *   'batch begun'             the service has begun the transaction of a batch, or of what else writes memories
 *   'progress locked'         the service locks the row of the partition's progress in it
 *   'replay begun'            the service takes the lock of the one who replays users with late events
 *   'commit sent'             the service asks to commit the transaction of a batch; Postgres does not know yet
 *   'commit answered'         Postgres has committed it; the service does not know yet
 *   'rollback answered'       the transaction of a batch ended without an effect
 *   'offset commit sent'      the service tells the brokers how far it is; they do not know yet
 *   'offset commit answered'  the brokers know; the service does not know yet
 *
 * Postgres: int32 length of the rest after a letter, no letter before the first message of a client. Kafka: int32 length, then of a request
 * int16 api, int16 version, int32 correlation, of a response int32 correlation.
 */
import type { Verdict, Watch } from './proxy.js';

export type Sight =
  | 'batch begun'
  | 'progress locked'
  | 'replay begun'
  | 'commit sent'
  | 'commit answered'
  | 'rollback answered'
  | 'offset commit sent'
  | 'offset commit answered';

/** The first that says so withholds the piece in which it was seen, and with it the connection. */
export type OnSight = (sight: Sight) => Verdict;

export function watchPostgres(onSight: OnSight): Watch {
  const [client, server] = [new Frames(0, true), new Frames(1, false)];
  let step: 'outside' | 'locked' | 'advanced' = 'outside';
  return {
    fromClient: (piece) =>
      worst(client.take(piece), (frame) => {
        const text = textOf(frame);
        if (text.includes('START TRANSACTION')) step = 'outside';
        if (text.includes('pg_advisory_xact_lock_shared')) return onSight('batch begun');
        if (text.includes('pg_try_advisory_lock')) return onSight('replay begun');
        if (/FROM consumer_progress\b.*FOR UPDATE/s.test(text)) {
          step = 'locked';
          return onSight('progress locked');
        }
        if (text.includes('UPDATE consumer_progress SET next_offset')) step = 'advanced';
        return step === 'advanced' && text === 'COMMIT' ? onSight('commit sent') : 'pass';
      }),
    fromServer: (piece) =>
      worst(server.take(piece), (frame) => {
        if (frame[0] !== letter('C') || step === 'outside') return 'pass';
        const tag = frame.toString('latin1', 5, frame.length - 1);
        if (tag !== 'COMMIT' && tag !== 'ROLLBACK') return 'pass';
        const wasAdvanced = step === 'advanced';
        step = 'outside';
        if (tag === 'ROLLBACK') return onSight('rollback answered');
        return wasAdvanced ? onSight('commit answered') : 'pass';
      }),
  };
}

/** Of a Query or a Parse message; empty for others. */
function textOf(frame: Buffer): string {
  const from = frame[0] === letter('Q') ? 5 : frame[0] === letter('P') ? frame.indexOf(0, 5) + 1 : -1;
  return from < 0 ? '' : frame.toString('utf8', from, frame.indexOf(0, from));
}

const offsetCommit = 8;

export function watchKafka(onSight: OnSight): Watch {
  const [client, server] = [new Frames(0, false), new Frames(0, false)];
  const asked = new Set<number>();
  return {
    fromClient: (piece) =>
      worst(client.take(piece), (frame) => {
        if (frame.readInt16BE(4) !== offsetCommit) return 'pass';
        asked.add(frame.readInt32BE(8));
        return onSight('offset commit sent');
      }),
    fromServer: (piece) =>
      worst(server.take(piece), (frame) =>
        asked.delete(frame.readInt32BE(4)) ? onSight('offset commit answered') : 'pass',
      ),
  };
}

function worst(frames: readonly Buffer[], see: (frame: Buffer) => Verdict): Verdict {
  return frames.some((frame) => see(frame) === 'withhold') ? 'withhold' : 'pass';
}

function letter(character: string): number {
  return character.charCodeAt(0);
}

/** Pieces of a stream -> whole frames. */
class Frames {
  private rest: Buffer = Buffer.alloc(0);
  private isFirst = true;

  /** `letters` before the length, which does not count them; the first frame of a client of Postgres has none */
  constructor(
    private letters: 0 | 1,
    private readonly getsLetters: boolean,
  ) {}

  take(piece: Buffer): readonly Buffer[] {
    this.rest = this.rest.length === 0 ? piece : Buffer.concat([this.rest, piece]);
    const frames: Buffer[] = [];
    for (;;) {
      if (this.rest.length < this.letters + 4) return frames;
      const isPostgres = this.letters === 1 || this.getsLetters; // whose lengths count themselves
      const end = this.letters + this.rest.readInt32BE(this.letters) + (isPostgres ? 0 : 4);
      if (this.rest.length < end) return frames;
      frames.push(this.rest.subarray(0, end));
      this.rest = this.rest.subarray(end);
      if (this.isFirst && this.getsLetters) this.letters = 1;
      this.isFirst = false;
    }
  }
}
