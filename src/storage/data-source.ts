/** The one connection pool of the process, its entities and its migrations (run under an advisory lock). */
import { DataSource } from 'typeorm';
import { CreateMemory1764000000000 } from '../../migrations/1764000000000-create-memory.js';
import { AddTrainingCheckpoint1764100000000 } from '../../migrations/1764100000000-add-training-checkpoint.js';
import { CreateStudy1764200000000 } from '../../migrations/1764200000000-create-study.js';
import { AddWarmStart1764300000000 } from '../../migrations/1764300000000-add-warm-start.js';
import { AddItemVector1764400000000 } from '../../migrations/1764400000000-add-item-vector.js';
import { AddReplayRequest1764400500000 } from '../../migrations/1764400500000-add-replay-request.js';
import { AddSession1764500000000 } from '../../migrations/1764500000000-add-session.js';
import { CreateUserProfile1764500100000 } from '../../migrations/1764500100000-create-user-profile.js';
import { CreateDeadLetter1764501000000 } from '../../migrations/1764501000000-create-dead-letter.js';
import { CreateConsumerPause1764501100000 } from '../../migrations/1764501100000-create-consumer-pause.js';
import { CreatePartitionStatus1764502000000 } from '../../migrations/1764502000000-create-partition-status.js';
import { AddIncomplete1764502100000 } from '../../migrations/1764502100000-add-incomplete.js';
import { AddLastOffset1764502200000 } from '../../migrations/1764502200000-add-last-offset.js';
import { CreateForgottenInteraction1764600000000 } from '../../migrations/1764600000000-create-forgotten-interaction.js';
import { AddRemembered1764600100000 } from '../../migrations/1764600100000-add-remembered.js';
import { CreateErasure1764600200000 } from '../../migrations/1764600200000-create-erasure.js';
import { CreateUserMerge1764600300000 } from '../../migrations/1764600300000-create-user-merge.js';
import { CreateRecommendation1764700300000 } from '../../migrations/1764700300000-create-recommendation.js';
import { CreateAuditLog1764700200000 } from '../../migrations/1764700200000-create-audit-log.js';
import { CreateChangeNotification1764710100000 } from '../../migrations/1764710100000-create-change-notification.js';
import { CreateAnswerSnapshot1764710050000 } from '../../migrations/1764710050000-create-answer-snapshot.js';
import { NotifyOfKeys1764710110000 } from '../../migrations/1764710110000-notify-of-keys.js';
import { CreateExperiment1764710500000 } from '../../migrations/1764710500000-create-experiment.js';
import { AddLongReplay1764721000000 } from '../../migrations/1764721000000-add-long-replay.js';
import { CreateSlotPin1764710400000 } from '../../migrations/1764710400000-create-slot-pin.js';
import { AddTokenKey1764723000000 } from '../../migrations/1764723000000-add-token-key.js';
import type { Config } from '../config.js';
import { RecollectError } from '../errors.js';
import { AnswerSnapshotEntity } from './answer-snapshot.entity.js';
import { ApiKeyEntity } from './api-key.entity.js';
import { AuditLogEntity } from './audit-log.entity.js';
import { ConsumerPauseEntity } from './consumer-pause.entity.js';
import { ConsumerProgressEntity } from './consumer-progress.entity.js';
import { DeadLetterEntity } from './dead-letter.entity.js';
import { ErasureEntity } from './erasure.entity.js';
import { ErasureKeyEntity } from './erasure-key.entity.js';
import { ForgottenInteractionEntity } from './forgotten-interaction.entity.js';
import { ExperimentEntity } from './experiment.entity.js';
import { InteractionEntity } from './interaction.entity.js';
import { ItemCountEntity } from './item-count.entity.js';
import { ItemEntity } from './item.entity.js';
import { MemoryEditEntity } from './memory-edit.entity.js';
import { LiveModelEntity, ModelChunkEntity, ModelEntity } from './model.entity.js';
import { PartitionStatusEntity } from './partition-status.entity.js';
import { PatientClient } from './patience.js';
import { RecommendationEntity } from './recommendation.entity.js';
import { ReplayRequestEntity } from './replay-request.entity.js';
import { SlotPinEntity } from './slot-pin.entity.js';
import { StudyEntity, StudyTrialEntity } from './study.entity.js';
import { TrainingCheckpointEntity } from './training-checkpoint.entity.js';
import { TrainingRunEntity } from './training-run.entity.js';
import { UserMemoryEntity } from './user-memory.entity.js';
import { UserMergeEntity } from './user-merge.entity.js';
import { UserProfileEntity } from './user-profile.entity.js';

export const entities = [
  AnswerSnapshotEntity,
  ApiKeyEntity,
  AuditLogEntity,
  ConsumerPauseEntity,
  ConsumerProgressEntity,
  DeadLetterEntity,
  ErasureEntity,
  ErasureKeyEntity,
  ExperimentEntity,
  ForgottenInteractionEntity,
  InteractionEntity,
  ItemCountEntity,
  ItemEntity,
  LiveModelEntity,
  MemoryEditEntity,
  ModelChunkEntity,
  ModelEntity,
  PartitionStatusEntity,
  RecommendationEntity,
  ReplayRequestEntity,
  SlotPinEntity,
  StudyEntity,
  StudyTrialEntity,
  TrainingCheckpointEntity,
  TrainingRunEntity,
  UserMemoryEntity,
  UserMergeEntity,
  UserProfileEntity,
];

/** Advisory locks of the product; the second key of each is the hash of the schema, of a study's that of schema and name, of a log edit's that of schema and user. */
export const advisoryLock = {
  migrations: 7_381_001,
  memoryVersion: 7_381_002,
  apiKeys: 7_381_003,
  promotion: 7_381_004,
  study: 7_381_005,
  replay: 7_381_006,
  longReplay: 7_381_007,
  logEdit: 7_381_008,
  experiment: 7_381_009,
  auditLog: 7_381_020,
} as const;

export function createDataSource(
  config: Pick<Config, 'databaseUrl' | 'databaseSchema' | 'databasePoolSize'>,
): DataSource {
  if (config.databaseUrl === null) {
    throw new RecollectError(
      'DATABASE_UNAVAILABLE',
      'no database is known: set DATABASE_URL or start with the role all',
    );
  }
  return new DataSource({
    type: 'postgres',
    url: config.databaseUrl,
    schema: config.databaseSchema,
    entities,
    migrations: [
      CreateMemory1764000000000,
      AddTrainingCheckpoint1764100000000,
      CreateStudy1764200000000,
      AddWarmStart1764300000000,
      AddItemVector1764400000000,
      AddReplayRequest1764400500000,
      AddSession1764500000000,
      CreateUserProfile1764500100000,
      CreateDeadLetter1764501000000,
      CreateConsumerPause1764501100000,
      CreatePartitionStatus1764502000000,
      AddIncomplete1764502100000,
      AddLastOffset1764502200000,
      CreateForgottenInteraction1764600000000,
      AddRemembered1764600100000,
      CreateErasure1764600200000,
      CreateUserMerge1764600300000,
      CreateRecommendation1764700300000,
      CreateAuditLog1764700200000,
      CreateAnswerSnapshot1764710050000,
      CreateChangeNotification1764710100000,
      NotifyOfKeys1764710110000,
      CreateExperiment1764710500000,
      AddLongReplay1764721000000,
      CreateSlotPin1764710400000,
      AddTokenKey1764723000000,
    ],
    migrationsTableName: 'migration',
    poolSize: config.databasePoolSize,
    connectTimeoutMS: 10_000,
    applicationName: 'recollect',
    extra: { options: `-c search_path=${config.databaseSchema} -c timezone=UTC`, Client: PatientClient },
  });
}

/** Brings the schema up to date. Two processes that start together take turns; the second finds nothing to do. */
export async function migrate(dataSource: DataSource, schema: string): Promise<readonly string[]> {
  const runner = dataSource.createQueryRunner();
  try {
    await runner.query('SELECT pg_advisory_lock($1, hashtext($2))', [advisoryLock.migrations, schema]);
    await runner.query(`CREATE SCHEMA IF NOT EXISTS "${schema}"`);
    const done = await dataSource.runMigrations({ transaction: 'each' });
    return done.map(({ name }) => name);
  } finally {
    await runner.query('SELECT pg_advisory_unlock($1, hashtext($2))', [advisoryLock.migrations, schema]);
    await runner.release();
  }
}

/** Steps of the schema that this program knows and the database has not gone yet. */
export async function missingMigrations(dataSource: DataSource): Promise<readonly string[]> {
  const done = await dataSource.query<{ name: string }[]>('SELECT name FROM migration');
  const names = new Set(done.map(({ name }) => name));
  return dataSource.migrations.flatMap(({ name }) => (name === undefined || names.has(name) ? [] : [name]));
}
