/** `recollect audit`: who changed what is remembered, and whether that log is whole. */
import type { Command } from 'commander';
import { RecollectError } from '../errors.js';
import { verifyAuditLog } from '../memory/audit.js';
import { auditEntriesAfter } from '../storage/audit-log.store.js';
import { withDatabase } from './database.js';
import { print } from './memory-control.js';

const entriesAtOnce = 1_000;

export function addAuditCommands(program: Command): void {
  const audit = program.command('audit').description('who changed, or took out, what is remembered of users');
  audit
    .command('list')
    .description('print all entries, the oldest first, a line of JSON each; users are keyed hashes')
    .action(async () => {
      await withDatabase(async ({ manager }) => {
        for (let last: string | undefined = '0'; last !== undefined;) {
          const page = await auditEntriesAfter(manager, last, entriesAtOnce);
          for (const { hash, ...entry } of page) print({ ...entry, hash: hash.toString('hex') });
          last = page.at(-1)?.id;
        }
      });
    });
  audit
    .command('verify')
    .description('tell whether entries were changed, taken out or cut off; exit code 1 when any was')
    .option('--head <hash>', 'a head that this command printed before: it must still be there')
    .action(async ({ head: noted }: { readonly head?: string }) => {
      if (noted !== undefined && !/^[0-9a-f]{64}$/.test(noted)) {
        throw new RecollectError('BAD_INPUT', `--head ${noted} is no hash: it has 64 hexadecimal digits`);
      }
      await withDatabase(async (dataSource, config) => {
        const verified = await dataSource.transaction('REPEATABLE READ', async (tx) =>
          verifyAuditLog(tx, config, noted ?? null),
        );
        const { entries, head, faults, isHeadKnown } = verified;
        for (const { id, fault } of faults) {
          const what = fault === 'MISSING' ? 'entries before it are gone' : 'it, or the hash before it, was changed';
          process.stdout.write(`${fault} ${id}: ${what}\n`);
        }
        if (isHeadKnown === false) process.stdout.write(`CUT_OFF: no entry has the hash ${noted ?? ''}\n`);
        print({ entries, head, faults: faults.length, ...(isHeadKnown === null ? {} : { isHeadKnown }) });
        if (faults.length > 0 || isHeadKnown === false) process.exitCode = 1;
      });
    });
}
