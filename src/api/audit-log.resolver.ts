import { Inject } from '@nestjs/common';
import { Args, Query, Resolver } from '@nestjs/graphql';
import { DataSource } from 'typeorm';
import { CONFIG, type Config } from '../config.js';
import { KeyedHash } from '../memory/keyed-hash.js';
import { auditEntriesBefore } from '../storage/audit-log.store.js';
import { ofUserId, Scopes } from './access.js';
import { checkFirst, checkId } from './arguments.js';
import { AuditConnection, type AuditEntry } from './audit-log.type.js';
import { afterArgument, connectionOf, firstArgument, readCursor, type Connection } from './connection.js';
import { Id } from './id.scalar.js';

@Resolver()
export class AuditLogResolver {
  constructor(
    private readonly dataSource: DataSource,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Scopes('privacy', ofUserId)
  @Query(() => AuditConnection, {
    description:
      'The audit log of memory control, the newest entry first; whether it is whole is told by `recollect audit verify`.',
  })
  async auditLog(
    @Args('userId', { type: () => Id, nullable: true, description: 'Only what was done to this user.' })
    userId: string | null | undefined,
    @Args(firstArgument) first: number,
    @Args(afterArgument) after: string | null | undefined,
  ): Promise<Connection<AuditEntry>> {
    const count = checkFirst(first);
    const tx = this.dataSource.manager;
    const hasUser = userId !== null && userId !== undefined;
    const subject = hasUser
      ? (await KeyedHash.load(tx, this.config)).ofUser(checkId(userId, 'userId')).toString('hex')
      : null;
    const before = readCursor(after, /^\d{1,19}$/)?.tie ?? null;
    const rows = await auditEntriesBefore(tx, before, subject, count + 1);
    const entries = rows.map((row) => ({ ...row, hash: row.hash.toString('hex') }) as AuditEntry);
    return connectionOf(entries, count, after, ({ id, at }) => [at.toISOString(), id]);
  }
}
