import type { Command } from 'commander';
import { migrate } from '../storage/data-source.js';
import { withDatabase } from './database.js';

export function addMigrateCommands(program: Command): void {
  const command = program.command('migrate').description('the tables of the database in DATABASE_URL');
  command
    .command('up')
    .description('bring the tables up to date; a start does the same')
    .action(() =>
      withDatabase(async (dataSource, config) => {
        const applied = await migrate(dataSource, config.databaseSchema);
        process.stdout.write(applied.length === 0 ? 'nothing to do\n' : `applied ${applied.join(', ')}\n`);
      }),
    );
  command
    .command('down')
    .description('take the newest migration back; its tables and their rows are gone')
    .requiredOption('--yes', 'say that this is meant')
    .action(() =>
      withDatabase(async (dataSource) => {
        await dataSource.undoLastMigration();
        process.stdout.write('took the newest migration back\n');
      }),
    );
}
