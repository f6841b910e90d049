import { Field, Float, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import type { PartitionState } from '../storage/partition-status.store.js';
import { DateTime } from './date-time.scalar.js';

export const PartitionStateEnum: Readonly<Record<PartitionState, PartitionState>> = {
  RUNNING: 'RUNNING',
  WAITING: 'WAITING',
  PAUSED: 'PAUSED',
  STOPPED: 'STOPPED',
  UNOWNED: 'UNOWNED',
};
registerEnumType(PartitionStateEnum, {
  name: 'PartitionState',
  description: 'Whether the messages of a partition are applied.',
  valuesMap: {
    RUNNING: { description: 'They are.' },
    WAITING: { description: 'A fault is waited out, see `waitingFor`.' },
    PAUSED: { description: 'Held by an operator: `recollect partitions resume`.' },
    STOPPED: { description: 'Nothing more is applied until somebody does what `error` says.' },
    UNOWNED: { description: 'No process has said for half a minute that it has the partition.' },
  },
});

@ObjectType({ description: 'Why a partition is stopped.' })
export class PartitionError {
  @Field(() => String, { description: 'Stable code.' })
  readonly code!: string;

  @Field(() => String, { description: 'What happened and what to do.' })
  readonly message!: string;
}

@ObjectType({ description: 'How a partition of Kafka stands.' })
export class IngestPartition {
  @Field(() => String, { description: 'Its topic.' })
  readonly topic!: string;

  @Field(() => Int, { description: 'Its number.' })
  readonly partition!: number;

  @Field(() => PartitionStateEnum, { description: 'Whether its messages are applied.' })
  readonly state!: PartitionState;

  @Field(() => String, { description: 'Offset of the message that is applied next, as it is stored: digits.' })
  readonly nextOffset!: string;

  @Field(() => Float, { nullable: true, description: 'Messages that wait, by the last report; null: none yet.' })
  readonly lag!: number | null;

  @Field(() => DateTime, { description: 'When its offset was stored last.' })
  readonly lastCommitAt!: Date;

  @Field(() => DateTime, {
    nullable: true,
    description: 'Time of the newest message that was applied; null: none yet.',
  })
  readonly lastEventAt!: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'When the process that has it reported last; null: never.' })
  readonly reportedAt!: Date | null;

  @Field(() => String, { nullable: true, description: 'The fault that is waited out; null: none.' })
  readonly waitingFor!: string | null;

  @Field(() => PartitionError, { nullable: true, description: 'Why it is stopped; null: it is not.' })
  readonly error!: PartitionError | null;

  @Field(() => Int, { description: 'Messages that were refused and not sent again.' })
  readonly deadLetters!: number;
}

@ObjectType({ description: 'How ingestion from Kafka stands, in all processes.' })
export class IngestStatus {
  @Field(() => [IngestPartition], { description: 'By topic and number; empty: nothing was consumed yet.' })
  readonly partitions!: readonly IngestPartition[];
}
