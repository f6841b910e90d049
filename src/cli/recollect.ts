#!/usr/bin/env node
/** The command line: each command is a thin file beside this one. */
import { Command } from 'commander';
import { isRetriable, messageOf, RecollectError } from '../errors.js';
import { addConfigCommands } from './config.js';
import { addDeadLetterCommands } from './dead-letters.js';
import { addDemoCommand } from './demo.js';
import { addEvaluateCommand } from './evaluate.js';
import { addImportCommands } from './import.js';
import { addKeyCommands } from './keys.js';
import { addMemoryCommands } from './memory.js';
import { addMigrateCommands } from './migrate.js';
import { addPartitionCommands } from './partitions.js';
import { addReproduceCommand } from './reproduce.js';
import { addSchemaCommand } from './schema.js';
import { addStudyCommands } from './study.js';

const program = new Command('recollect')
  .description('Recommendations from a memory of every user')
  .showHelpAfterError();
addConfigCommands(program);
addMigrateCommands(program);
addKeyCommands(program);
addDeadLetterCommands(program);
addImportCommands(program);
addDemoCommand(program);
addPartitionCommands(program);
addReproduceCommand(program);
addEvaluateCommand(program);
addMemoryCommands(program);
addSchemaCommand(program);
addStudyCommands(program);

program.parseAsync().catch((error: unknown) => {
  const known = error instanceof RecollectError ? error.code : isRetriable(error) ? 'DATABASE_UNAVAILABLE' : null;
  const code = known === null ? '' : `${known}: `;
  process.stderr.write(`${code}${messageOf(error)}\n`);
  process.exit(1);
});
