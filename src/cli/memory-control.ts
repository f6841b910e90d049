/** `recollect memory forget` and `reset`: the commands that change what is remembered of a user. */
import type { Command } from 'commander';
import type { DataSource } from 'typeorm';
import type { Config } from '../config.js';
import { Forgetting } from '../memory/forgetting.js';
import { LateReplay } from '../memory/late-replay.js';
import { LogEdits } from '../memory/log-edit.js';
import { SlotForgetting } from '../memory/slot-forgetting.js';
import { readId } from '../model/identifier.js';
import { readInstant } from '../model/instant.js';
import { LiveModel } from '../promotion/live-model.js';
import { createLogger } from '../telemetry.js';
import { commandActor } from './actor.js';
import { withDatabase } from './database.js';

/** What edits logs and memories, as in the service; replays that it asks for are done when the work ends. */
export async function withEdits(
  work: (edits: LogEdits, config: Config, dataSource: DataSource, live: LiveModel) => Promise<void>,
): Promise<void> {
  await withDatabase(async (dataSource, config) => {
    const logger = createLogger({ ...config, logLevel: 'warn' });
    const live = new LiveModel(config, logger, dataSource);
    const replays = new LateReplay(config, logger, live, dataSource);
    await work(new LogEdits(config, logger, live, dataSource, replays), config, dataSource, live);
    await replays.onModuleDestroy();
  });
}

interface SlotOptions {
  readonly slot: string;
  readonly part: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

export function print(figures: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(figures)}\n`);
}

export function addMemoryControlCommands(memory: Command): void {
  memory
    .command('forget')
    .description('take interactions of a user out of log, counts and memories; delivered once more they are not taken')
    .argument('<user>', 'id of the user')
    .option('--ids <id,...>', 'ids of the interactions')
    .option('--items <id,...>', 'of these items')
    .option('--kinds <kind,...>', 'of these kinds')
    .option('--from <time>', 'that happened at this time or later, ISO-8601 with zone')
    .option('--until <time>', 'that happened before this time')
    .requiredOption('--yes', 'it cannot be undone')
    .action(async (user: string, options: Partial<Record<'ids' | 'items' | 'kinds' | 'from' | 'until', string>>) => {
      const list = (text: string | undefined): readonly string[] | null => text?.split(',') ?? null;
      const time = (text: string | undefined, name: string): Date | null =>
        text === undefined ? null : new Date(readInstant(text, name));
      const selection = {
        ids: list(options.ids),
        itemIds: list(options.items),
        kinds: list(options.kinds),
        from: time(options.from, '--from'),
        until: time(options.until, '--until'),
      };
      await withEdits(async (edits, config) => {
        const { count, missing } = await new Forgetting(config, edits).forgetInteractions(
          commandActor(),
          readId(user, 'user'),
          selection,
        );
        print({ forgotten: count, notFound: missing.length });
      });
    });
  memory
    .command('forget-slot')
    .description('forget the interactions that fill a slot of the memory, and print which')
    .argument('<user>', 'id of the user')
    .requiredOption('--slot <index>', 'the slot, as `memoryProfile` numbers it')
    .option('--part <part>', 'how much of what fills it, more than 0 and at most 1', '0.9')
    .option('--dry-run', 'only print what would be forgotten')
    .option('--yes', 'it cannot be undone')
    .action(async (user: string, options: SlotOptions, command: Command) => {
      const part = Number(options.part);
      if (!(part > 0 && part <= 1)) command.error(`error: --part ${options.part} must be more than 0 and at most 1`);
      if (options.dryRun !== true && options.yes !== true)
        command.error('error: it cannot be undone: give --yes, or --dry-run to see what it would be');
      await withEdits(async (edits, config, dataSource, live) => {
        const slots = new SlotForgetting(live, dataSource, new Forgetting(config, edits));
        const selection = { slot: Number(options.slot), part };
        const { count, interactions, modelVersion } = await slots.forgetSlot(
          commandActor(),
          readId(user, 'user'),
          selection,
          options.dryRun,
        );
        for (const interaction of interactions) print({ ...interaction });
        print({ forgotten: count, interactions: interactions.length, modelVersion });
      });
    });
  memory
    .command('reset')
    .description(
      'empty the memory of a user; the log stays, what has arrived enters no memory and no training any more',
    )
    .argument('<user>', 'id of the user')
    .requiredOption('--yes', 'it cannot be undone')
    .action(async (user: string) => {
      await withEdits(async (edits, config) => {
        print({ leftOut: await new Forgetting(config, edits).resetMemory(commandActor(), readId(user, 'user')) });
      });
    });
}
