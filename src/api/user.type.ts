import { Field, Float, ObjectType } from '@nestjs/graphql';
import { PageInfo } from './connection.js';
import { DateTime } from './date-time.scalar.js';
import { Id } from './id.scalar.js';
import { Item } from './item.type.js';
import { JSONObject } from './json-object.scalar.js';

@ObjectType({ description: 'One row of the log.' })
export class Interaction {
  @Field(() => Id, { description: 'Unique for its user.' })
  readonly id!: string;

  @Field(() => Id, { description: 'The item.' })
  readonly itemId!: string;

  @Field(() => Item, { nullable: true, description: 'The item; null if it is not in the catalogue.' })
  readonly item?: Item | null;

  @Field(() => String, { description: 'A configured kind.' })
  readonly kind!: string;

  @Field(() => Float, { nullable: true, description: 'A rating, seconds, a portion: what the producer means by it.' })
  readonly value!: number | null;

  @Field(() => DateTime, { description: 'When it happened.' })
  readonly occurredAt!: Date;

  @Field(() => Id, { nullable: true, description: 'The visit that it belongs to.' })
  readonly sessionId!: string | null;

  @Field(() => Id, { nullable: true, description: 'The answer that led to it.' })
  readonly recommendationId!: string | null;

  @Field(() => JSONObject, { nullable: true, description: 'What else was stored with it.' })
  readonly properties!: Readonly<Record<string, unknown>> | null;
}

@ObjectType({ description: 'An interaction at its place.' })
export class InteractionEdge {
  @Field(() => String, { description: 'Its place, to be given as `after`.' })
  readonly cursor!: string;

  @Field(() => Interaction, { description: 'The interaction.' })
  readonly node!: Interaction;
}

@ObjectType({ description: 'A page of interactions, the newest first; equal times by arrival.' })
export class InteractionConnection {
  @Field(() => [InteractionEdge], { description: 'The rows of the page.' })
  readonly edges!: readonly InteractionEdge[];

  @Field(() => PageInfo, { description: 'Whether there is more.' })
  readonly pageInfo!: PageInfo;
}

@ObjectType({ description: 'What is known of a user. A user that is unknown has no interactions and an empty memory.' })
export class User {
  @Field(() => Id, { description: 'The id that was asked for.' })
  readonly id!: string;
}
