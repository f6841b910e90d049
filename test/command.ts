/** A command of the program, run in this process: what it prints, and what it fails with. */
import { jest } from '@jest/globals';
import { Command } from 'commander';
import { messageOf } from '../src/errors.js';

export async function runCommand(
  add: (program: Command) => void,
  settings: Readonly<Record<string, string>>,
  ...words: readonly string[]
): Promise<string> {
  const environment = process.env;
  const printed: string[] = [];
  const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  process.env = { ...settings };
  try {
    const program = new Command('recollect').exitOverride().configureOutput({ writeErr: () => undefined });
    add(program);
    await program.parseAsync([...words], { from: 'user' });
  } catch (error) {
    printed.push(messageOf(error));
  } finally {
    process.env = environment;
    write.mockRestore();
  }
  return printed.join('');
}
