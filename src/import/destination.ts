/** Where the rows of an import go: through the write path, into an empty log in one go, into the catalogue or the profiles, or nowhere. */
import type { DataSource, EntityManager } from 'typeorm';
import type { Config } from '../config.js';
import type { RecollectError } from '../errors.js';
import { InteractionIntake } from '../ingest/interaction-intake.js';
import { FirstLoad } from '../memory/first-load.js';
import { KeyCounts } from '../memory/key-counts.js';
import { LateReplay } from '../memory/late-replay.js';
import { MemoryWriter } from '../memory/memory-writer.js';
import { refusalsOf, type UnknownRules } from '../memory/unknown.js';
import { keyOf, verdictBeside, type Verdict } from '../memory/verdict.js';
import type { Interaction } from '../model/interaction.js';
import { LiveModel } from '../promotion/live-model.js';
import { findInteractions } from '../storage/interaction.store.js';
import { createLogger } from '../telemetry.js';
import type { Place, Report } from './report.js';
import type { ImportFile } from './source.js';

export interface Row<V> {
  readonly place: Place;
  readonly value: V;
}

/** Takes rows in the order of the files and tells the report what became of each, at the latest when it is finished. */
export interface Destination<V> {
  take(rows: readonly Row<V>[]): Promise<void>;
  finish?(): Promise<void>;
  /** after a fault: what is not durable yet is taken back */
  abandon?(): Promise<void>;
}

/** The log and the memories, as for any interaction that doesn't come by Kafka. */
export class WritePath implements Destination<Interaction> {
  constructor(
    private readonly intake: InteractionIntake,
    private readonly lateReplay: LateReplay,
    private readonly report: Report,
    private readonly rowsAtOnce: number,
  ) {}

  async take(rows: readonly Row<Interaction>[]): Promise<void> {
    for (let from = 0; from < rows.length; from += this.rowsAtOnce) {
      const some = rows.slice(from, from + this.rowsAtOnce);
      const verdicts = await this.intake.apply(some.map(({ value }) => ({ interaction: value, offset: null })));
      for (const [at, { place }] of some.entries()) this.report.judge(place, verdicts[at] ?? 'DUPLICATE');
    }
  }

  async finish(): Promise<void> {
    await this.lateReplay.finish();
  }
}

/** The empty log; rows whose key came before follow by the write path. */
export class EmptyLog implements Destination<Interaction> {
  private readonly repeated: Row<Interaction>[] = [];

  constructor(
    private readonly load: FirstLoad,
    private readonly refuse: (interactions: readonly Interaction[]) => ReturnType<typeof refusalsOf>,
    private readonly writePath: WritePath,
    private readonly report: Report,
  ) {}

  async take(rows: readonly Row<Interaction>[]): Promise<void> {
    const refusals = await this.refuse(rows.map(({ value }) => value));
    const allowed = rows.filter(({ value }) => !refusals.has(value));
    const taken = (await this.load.add(allowed.map(({ value }) => value))).values();
    for (const row of rows) {
      const refusal = refusals.get(row.value);
      if (refusal !== undefined) this.report.refuse(row.place, refusal);
      else if (taken.next().value === true) this.report.judge(row.place, 'ACCEPTED');
      else this.repeated.push(row);
    }
  }

  async finish(): Promise<void> {
    await this.load.commit();
    await this.writePath.take(this.repeated);
    await this.writePath.finish();
  }

  async abandon(): Promise<void> {
    await this.load.abandon();
  }
}

export async function logDestination(
  dataSource: DataSource,
  config: Config,
  files: readonly ImportFile[],
  report: Report,
): Promise<Destination<Interaction>> {
  const logger = createLogger(config);
  const live = new LiveModel(config, logger, dataSource);
  await live.refresh();
  const lateReplay = new LateReplay(config, logger, live, dataSource);
  const intake = new InteractionIntake(config, new MemoryWriter(config, live, dataSource, lateReplay), dataSource);
  const writePath = new WritePath(intake, lateReplay, report, config.ingestBatchCount);
  // what comes from elsewhere may come slowly, and the log would be locked meanwhile
  if (files.some(({ path }) => path === '-')) return writePath;
  const load = await FirstLoad.begin(dataSource, config);
  if (load === null) return writePath;
  const refuse = async (interactions: readonly Interaction[]) => refusalsOf(dataSource.manager, config, interactions);
  return new EmptyLog(load, refuse, writePath, report);
}

/** Nothing is written: rows are compared with each other and, where it is asked, with what is there. */
export class DryRun<V> implements Destination<V> {
  private readonly seen = new KeyCounts();

  /** `keyOf`: equal for rows of which one is enough */
  constructor(
    private readonly keyOf: (value: V) => string,
    private readonly compare: Compare<V> | null,
    private readonly report: Report,
  ) {}

  async take(rows: readonly Row<V>[]): Promise<void> {
    const verdicts = await this.compare?.(rows.map(({ value }) => value));
    for (const [at, { place, value }] of rows.entries()) {
      const isFirst = this.seen.add(this.keyOf(value)) === 1;
      this.report.judge(place, verdicts?.[at] ?? (isFirst ? 'ACCEPTED' : 'DUPLICATE'));
    }
  }
}

/** What is there already, or refused: a verdict for each, null for what is new. */
export type Compare<V> = (values: readonly V[]) => Promise<readonly (Verdict | RecollectError | null)[]>;

export function compareWithLog({ manager }: DataSource, rules: UnknownRules): Compare<Interaction> {
  return async (interactions) => {
    const refusals = await refusalsOf(manager, rules, interactions);
    const kept = new Map((await findInteractions(manager, interactions)).map((one) => [keyOf(one), one]));
    return interactions.map((interaction) => {
      const refusal = refusals.get(interaction);
      if (refusal !== undefined) return refusal;
      const first = kept.get(keyOf(interaction));
      return first === undefined ? null : verdictBeside(first, interaction);
    });
  };
}

/** Writes whole rows by their ids, and returns the ids of those that this changed. */
export type Put<V> = (tx: EntityManager, values: readonly V[]) => Promise<readonly string[]>;

/** By putting them and taking it back. */
export function compareByPutting<V extends { readonly id: string }>(dataSource: DataSource, put: Put<V>): Compare<V> {
  return async (values) => {
    const runner = dataSource.createQueryRunner();
    await runner.startTransaction();
    try {
      const last = new Map(values.map((value) => [value.id, value]));
      const changed = new Set(await put(runner.manager, [...last.values()]));
      return values.map(({ id }) => (changed.has(id) ? null : 'DUPLICATE'));
    } finally {
      await runner.rollbackTransaction();
      await runner.release();
    }
  };
}

/** The catalogue or the profiles: each row puts a whole one. A row that says what is there already is a duplicate. */
export class Puts<V extends { readonly id: string }> implements Destination<V> {
  constructor(
    private readonly dataSource: DataSource,
    private readonly put: Put<V>,
    private readonly report: Report,
  ) {}

  async take(rows: readonly Row<V>[]): Promise<void> {
    for (let from = 0; from < rows.length;) {
      const some = untilRepeated(rows.slice(from));
      from += some.length;
      const values = some.map(({ value }) => value);
      const changed = new Set(await this.dataSource.transaction(async (tx) => this.put(tx, values)));
      for (const { place, value } of some) this.report.judge(place, changed.has(value.id) ? 'ACCEPTED' : 'DUPLICATE');
    }
  }
}

/** The first rows, up to one whose id is among them. */
function untilRepeated<V extends { readonly id: string }>(rows: readonly Row<V>[]): readonly Row<V>[] {
  const ids = new Set<string>();
  const end = rows.findIndex(({ value }) => ids.size === ids.add(value.id).size);
  return end < 0 ? rows : rows.slice(0, end);
}
