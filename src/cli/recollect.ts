#!/usr/bin/env node
/** The command line: each command is a thin file beside this one. It ends with 2 where it was called in a wrong way. */
import { Command, CommanderError } from 'commander';
import { isRetriable, messageOf, RecollectError } from '../errors.js';
import { addAuditCommands } from './audit.js';
import { addConfigCommands } from './config.js';
import { addDeadLetterCommands } from './dead-letters.js';
import { addDemoCommand } from './demo.js';
import { addEvaluateCommand } from './evaluate.js';
import { addExperimentCommands } from './experiment.js';
import { addImportCommands } from './import.js';
import { addKeyCommands } from './keys.js';
import { addMemoryCommands } from './memory.js';
import { addMigrateCommands } from './migrate.js';
import { addPartitionCommands } from './partitions.js';
import { addReproduceCommand } from './reproduce.js';
import { addSchemaCommand } from './schema.js';
import { addStudyCommands } from './study.js';
import { addUserCommands } from './users.js';

const program = new Command('recollect')
  .description('Recommendations from a memory of every user')
  .showHelpAfterError()
  .exitOverride();
addAuditCommands(program);
addConfigCommands(program);
addMigrateCommands(program);
addKeyCommands(program);
addDeadLetterCommands(program);
addImportCommands(program);
addDemoCommand(program);
addPartitionCommands(program);
addReproduceCommand(program);
addEvaluateCommand(program);
addExperimentCommands(program);
addMemoryCommands(program);
addSchemaCommand(program);
addStudyCommands(program);
addUserCommands(program);

program.parseAsync().catch((error: unknown) => {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2); // it has said what is wrong
  const known = error instanceof RecollectError ? error.code : isRetriable(error) ? 'DATABASE_UNAVAILABLE' : null;
  const code = known === null ? '' : `${known}: `;
  process.stderr.write(`${code}${messageOf(error)}\n`);
  process.exit(1);
});
