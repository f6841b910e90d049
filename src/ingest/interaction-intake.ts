/** Interactions that come one by one or in lists without Kafka: each row is judged by itself, the good ones are applied together. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CONFIG, type Config } from '../config.js';
import { isRetriable, RecollectError, type ErrorCode } from '../errors.js';
import { refusalsOf } from '../memory/unknown.js';
import { MemoryWriter, type Offered } from '../memory/memory-writer.js';
import type { Verdict } from '../memory/verdict.js';
import { readInteraction } from '../model/interaction.js';
import { interactionRules } from './interaction-message.js';

export interface RowVerdict {
  readonly status: Verdict | 'REFUSED';
  /** of the interaction; null where it can't be told */
  readonly id: string | null;
  readonly code: ErrorCode | null;
  readonly field: string | null;
  readonly message: string | null;
}

/** Two writers can end in each other's way; the one that Postgres stopped goes again. */
const tries = 4;

@Injectable()
export class InteractionIntake {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly writer: MemoryWriter,
    private readonly dataSource: DataSource,
  ) {}

  /** A verdict for each row, in their order; those that are accepted are durable. `now`: milliseconds since 1970. */
  async track(rows: readonly unknown[], now: number): Promise<readonly RowVerdict[]> {
    const rules = interactionRules(this.config);
    const read = rows.map((row): Offered | RecollectError => {
      try {
        return { interaction: readInteraction(row, rules, now, () => newId(now)), offset: null };
      } catch (error) {
        if (error instanceof RecollectError) return error;
        throw error;
      }
    });
    const offered = read.filter((row): row is Offered => !(row instanceof RecollectError));
    const statuses = (await this.apply(offered)).values();
    return read.map((row): RowVerdict => {
      const outcome = row instanceof RecollectError ? row : (statuses.next().value ?? 'DUPLICATE');
      const id = row instanceof RecollectError ? null : row.interaction.id;
      if (typeof outcome === 'string') return { status: outcome, id, code: null, field: null, message: null };
      const { code, field, message } = outcome;
      return { status: 'REFUSED', id, code, field, message };
    });
  }

  /** A verdict for each of the offered, or why it is refused; tries again what may succeed then. */
  async apply(offered: readonly Offered[]): Promise<readonly (Verdict | RecollectError)[]> {
    for (let tried = 1; ; tried++) {
      try {
        return await this.judge(offered);
      } catch (error) {
        if (!isRetriable(error) || tried === tries) throw error;
        await sleep(20 * 2 ** tried * Math.random());
      }
    }
  }

  private async judge(offered: readonly Offered[]): Promise<readonly (Verdict | RecollectError)[]> {
    const interactions = offered.map(({ interaction }) => interaction);
    const refusals = await refusalsOf(this.dataSource.manager, this.config, interactions);
    const taken = offered.filter(({ interaction }) => !refusals.has(interaction));
    const verdicts = (taken.length === 0 ? [] : await this.writer.apply(taken, null)).values();
    return interactions.map((interaction) => refusals.get(interaction) ?? verdicts.next().value ?? 'DUPLICATE');
  }
}

/** A UUID of version 7: a row without an id is a new interaction, whatever is in it. */
function newId(now: number): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now, 0, 6);
  bytes.writeUInt8(0x70 | (bytes.readUInt8(6) & 0x0f), 6);
  bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
