import type { Command } from 'commander';
import { createKey, revokeKey } from '../api/api-key.js';
import { RecollectError } from '../errors.js';
import { readInstant } from '../model/instant.js';
import { scopes, type Scope } from '../storage/api-key.entity.js';
import { listApiKeys } from '../storage/api-key.store.js';
import { withDatabase } from './database.js';

export function addKeyCommands(program: Command): void {
  const keys = program.command('keys').description('keys of the API');
  keys
    .command('create')
    .description('make a key and print it, once')
    .requiredOption('--name <name>', 'who uses it')
    .requiredOption('--scopes <scopes>', `separated by commas: ${scopes.join(', ')}`)
    .option('--expires <time>', 'when it stops being valid, ISO-8601 with zone; default: never')
    .action(({ name, scopes: wanted, expires }: { name: string; scopes: string; expires?: string }) =>
      withDatabase(async (dataSource) => {
        const { key } = await createKey(dataSource.manager, {
          name,
          scopes: readScopes(wanted),
          expiresAt: expires === undefined ? null : readExpiry(expires),
        });
        process.stdout.write(`${key}\n`);
      }),
    );
  keys
    .command('list')
    .description('every key with its prefix, scopes and state; never the key itself')
    .action(() =>
      withDatabase(async (dataSource) => {
        for (const { prefix, name, scopes: granted, expiresAt, revokedAt } of await listApiKeys(dataSource.manager)) {
          const state =
            revokedAt !== null
              ? `revoked ${revokedAt.toISOString()}`
              : `expires ${expiresAt?.toISOString() ?? 'never'}`;
          process.stdout.write(`${prefix}  ${granted.join(',')}  ${state}  ${name}\n`);
        }
      }),
    );
  keys
    .command('revoke')
    .description('refuse a key from now on')
    .argument('<prefix>', 'the part between rk_ and the next underscore')
    .action((prefix: string) =>
      withDatabase(async (dataSource) => {
        const { name } = await revokeKey(dataSource.manager, prefix);
        process.stdout.write(`revoked ${prefix} (${name})\n`);
      }),
    );
}

function readScopes(text: string): readonly Scope[] {
  return text.split(',').map((word) => {
    const scope = scopes.find((known) => known === word.trim());
    if (scope === undefined) throw new RecollectError('BAD_INPUT', `"${word}" is no scope: use ${scopes.join(', ')}`);
    return scope;
  });
}

/** When a key stops being valid. A time that has passed is a slip of the pen: the key would be refused from the start. */
export function readExpiry(text: string): Date {
  const time = readInstant(text, '--expires');
  if (time <= Date.now()) {
    throw new RecollectError('BAD_INPUT', `--expires ${text} has passed: give a time in the future, or leave it out`);
  }
  return new Date(time);
}
