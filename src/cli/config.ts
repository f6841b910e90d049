import type { Command } from 'commander';
import { printConfig, readConfig, settingsTable } from '../config.js';

export function addConfigCommands(program: Command): void {
  const config = program.command('config').description('the settings');
  config
    .command('print')
    .description('check the settings of this environment and print them, without secrets')
    .action(() => {
      process.stdout.write(`${printConfig(readConfig(process.env))}\n`);
    });
  config
    .command('table')
    .description("print the README's table of settings")
    .action(() => {
      process.stdout.write(`${settingsTable()}\n`);
    });
}
