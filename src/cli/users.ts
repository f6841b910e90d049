/** `recollect users`: what is held of a person, and that it goes. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { RecollectError } from '../errors.js';
import { recordAct } from '../memory/audit.js';
import { Erasure } from '../memory/erasure.js';
import { Merging } from '../memory/merging.js';
import { exportBeside, exportLog } from '../memory/user-export.js';
import { readId } from '../model/identifier.js';
import { countLogged } from '../storage/user-export.store.js';
import { listErasures } from '../storage/erasure.store.js';
import { commandActor } from './actor.js';
import { withDatabase } from './database.js';
import { print, withEdits } from './memory-control.js';

export function addUserCommands(program: Command): void {
  const users = program.command('users').description('what is held of a person');
  users
    .command('export')
    .description('print all that is held of a user, as JSON')
    .argument('<user>', 'id of the user')
    .action(async (user: string) => {
      const userId = readId(user, 'user');
      await withDatabase(async (dataSource, config) => {
        const count = await countLogged(dataSource.manager, userId);
        const act = {
          by: commandActor(),
          action: 'EXPORT_USER',
          userIds: [userId],
          counts: { interactions: count },
        } as const;
        await dataSource.transaction(async (tx) => recordAct(tx, config, act));
        await dataSource.transaction('REPEATABLE READ', async (tx) => {
          const beside = JSON.stringify(await exportBeside(tx, userId));
          process.stdout.write(`${beside.slice(0, -1)},"interactions":[`);
          let separator = '\n';
          for await (const page of exportLog(tx, userId)) {
            process.stdout.write(separator + page.map((interaction) => JSON.stringify(interaction)).join(',\n'));
            separator = ',\n';
          }
          process.stdout.write(']}\n');
        });
      });
    });
  users
    .command('merge')
    .description('join the history of one id to that of another, such as that of a session to an account')
    .argument('<from>', 'the id that ends; that of a session is session:<sessionId>')
    .argument('<into>', 'the user who has both histories from then on')
    .requiredOption('--yes', 'it cannot be undone')
    .action(async (from: string, into: string) => {
      await withEdits(async (edits, config) => {
        print({
          ...(await new Merging(config, edits).mergeUsers(commandActor(), readId(from, 'from'), readId(into, 'into'))),
        });
      });
    });
  users
    .command('erase')
    .description('take everything of a user away, for good; prints a receipt without the id')
    .argument('<user>', 'id of the user')
    .requiredOption('--yes', 'it cannot be undone')
    .action(async (user: string) => {
      const userId = readId(user, 'user');
      await withEdits(async (edits, config, dataSource) => {
        const { receipt, ...counts } = await new Erasure(config, dataSource, edits).eraseUser(commandActor(), userId);
        print({ ...counts, receipt: { hash: receipt.hash.toString('hex'), erasedAt: receipt.erasedAt } });
      });
    });
  users
    .command('erasures')
    .description('print all erasures, a line of JSON each, without ids; keep them outside of the database')
    .action(async () => {
      await withDatabase(async ({ manager }) => {
        for (const { hash, erasedAt } of await listErasures(manager)) print({ hash: hash.toString('hex'), erasedAt });
      });
    });
  users
    .command('reapply')
    .description('after a restore of a backup: erase again whom the erasures of a file stand for')
    .argument('<file>', 'what `users erasures` printed, or receipts')
    .requiredOption('--yes', 'it cannot be undone')
    .action(async (file: string) => {
      const hashes = readHashes(file);
      await withEdits(async (edits, config, dataSource) => {
        print({
          erasures: hashes.length,
          users: await new Erasure(config, dataSource, edits).reapply(commandActor(), hashes),
        });
      });
    });
}

function readHashes(file: string): readonly Buffer[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.flatMap((line, at) => {
    if (line.trim() === '') return [];
    const hash = /"hash":\s*"([0-9a-f]{64})"/.exec(line)?.[1];
    if (hash === undefined)
      throw new RecollectError('BAD_INPUT', `${file}:${at + 1} is no erasure: it has no "hash" of 64 digits`);
    return [Buffer.from(hash, 'hex')];
  });
}
