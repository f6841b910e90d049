import { Field, ObjectType, registerEnumType } from '@nestjs/graphql';
import { auditActions, type AuditAction } from '../memory/audit.js';
import { PageInfo } from './connection.js';
import { DateTime } from './date-time.scalar.js';
import { Id } from './id.scalar.js';
import { JSONObject } from './json-object.scalar.js';

const AuditActionEnum = Object.fromEntries(auditActions.map((action) => [action, action])) as Readonly<
  Record<AuditAction, AuditAction>
>;
registerEnumType(AuditActionEnum, {
  name: 'AuditAction',
  description: 'An act of memory control: the mutation of that name, or its command.',
  valuesMap: {
    FORGET_INTERACTIONS: { description: 'Interactions left the log.' },
    FORGET_SLOT: { description: 'Those that filled a slot did.' },
    PIN_SLOT: { description: 'A slot was pinned.' },
    UNPIN_SLOT: { description: 'It was pinned no more.' },
    RESET_MEMORY: { description: 'What had arrived left the memory.' },
    MERGE_USERS: { description: 'The history of one id became that of another.' },
    ERASE_USER: { description: 'A user was erased.' },
    EXPORT_USER: { description: 'All that is held of a user was given out.' },
  },
});

@ObjectType({ description: 'Who changed, or took out, what is remembered, and how much of it; never what it was.' })
export class AuditEntry {
  @Field(() => Id, { description: 'Its number: 1, 2, 3, ... without gaps.' })
  readonly id!: string;

  @Field(() => DateTime, { description: 'When.' })
  readonly at!: Date;

  @Field(() => String, { description: 'Name of the API key, or who ran the command.' })
  readonly actor!: string;

  @Field(() => String, { nullable: true, description: 'Prefix of the API key; null for a command.' })
  readonly keyPrefix!: string | null;

  @Field(() => AuditActionEnum, { description: 'What.' })
  readonly action!: AuditAction;

  @Field(() => [String], {
    description: 'Keyed hashes of the ids of the users, in hexadecimal digits; of a merge the one that ended first.',
  })
  readonly subjects!: readonly string[];

  @Field(() => JSONObject, { description: 'How much, by what: such as {"interactions": 12}.' })
  readonly counts!: Readonly<Record<string, number>>;

  @Field(() => String, {
    description:
      'Hash of this entry and the one before it, in hexadecimal digits. Noted elsewhere it tells when entries are cut off.',
  })
  readonly hash!: string;
}

@ObjectType({ description: 'An entry at its place.' })
export class AuditEdge {
  @Field(() => String, { description: 'Its place, to be given as `after`.' })
  readonly cursor!: string;

  @Field(() => AuditEntry, { description: 'The entry.' })
  readonly node!: AuditEntry;
}

@ObjectType({ description: 'A page of the audit log, the newest entry first.' })
export class AuditConnection {
  @Field(() => [AuditEdge], { description: 'The rows of the page.' })
  readonly edges!: readonly AuditEdge[];

  @Field(() => PageInfo, { description: 'Whether there is more.' })
  readonly pageInfo!: PageInfo;
}
