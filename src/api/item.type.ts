import { Field, Float, InputType, Int, ObjectType } from '@nestjs/graphql';
import { PageInfo } from './connection.js';
import { DateTime } from './date-time.scalar.js';
import { Id } from './id.scalar.js';
import { JSONObject } from './json-object.scalar.js';
import { UserError } from './user-error.type.js';

@ObjectType({ description: 'A thing of the catalogue.' })
export class Item {
  @Field(() => Id, { description: 'Its id, as given.' })
  readonly id!: string;

  @Field(() => String, { nullable: true, description: 'Its title, if it has one.' })
  readonly title!: string | null;

  @Field(() => [String], { description: 'Its categories.' })
  readonly categories!: readonly string[];

  @Field(() => JSONObject, { description: 'What else was stored with it.' })
  readonly properties!: Readonly<Record<string, unknown>>;

  @Field(() => Boolean, { description: 'Whether it may be answered; a hidden item is in no answer.' })
  readonly available!: boolean;

  @Field(() => Boolean, {
    description: 'Whether an interaction made it (RECOLLECT_UNKNOWN_ITEMS=create) and nobody has put it yet.',
  })
  readonly incomplete!: boolean;

  @Field(() => DateTime, { description: 'When it entered the catalogue.' })
  readonly createdAt!: Date;

  @Field(() => DateTime, {
    nullable: true,
    description: 'From this time on it is in no answer; null: it does not expire.',
  })
  readonly expiresAt!: Date | null;
}

@ObjectType({ description: 'An item and its place in the list.' })
export class ItemEdge {
  @Field(() => String, { description: 'Its place, to be given as `after`.' })
  readonly cursor!: string;

  @Field(() => Item, { description: 'The item.' })
  readonly node!: Item;
}

@ObjectType({ description: 'A page of items.' })
export class ItemConnection {
  @Field(() => [ItemEdge], { description: 'Items of the page.' })
  readonly edges!: readonly ItemEdge[];

  @Field(() => PageInfo, { description: 'What lies around the page.' })
  readonly pageInfo!: PageInfo;
}

@InputType({ description: 'An item as a whole: what is left out is emptied.' })
export class ItemInput {
  @Field(() => Id, { description: '1 to 256 characters, kept as given.' })
  readonly id!: string;

  @Field(() => String, { nullable: true, description: 'Title.' })
  readonly title?: string | null;

  @Field(() => [String], { nullable: true, description: 'Categories.' })
  readonly categories?: readonly string[] | null;

  @Field(() => JSONObject, { nullable: true, description: 'Free properties.' })
  readonly properties?: Readonly<Record<string, unknown>> | null;

  @Field(() => [Float], {
    nullable: true,
    description:
      'A vector of its image, audio or text, as long as RECOLLECT_ITEM_VECTOR_LENGTH says. Only read, never answered.',
  })
  readonly vector?: readonly number[] | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether it may be answered; left out: true.' })
  readonly available?: boolean | null;

  @Field(() => DateTime, { nullable: true, description: 'When it was made; left out: now, or what was stored before.' })
  readonly createdAt?: string | null;

  @Field(() => DateTime, { nullable: true, description: 'From this time on it is in no answer.' })
  readonly expiresAt?: string | null;
}

@InputType({
  description:
    'A change of an item: what is left out stays as it is, null empties (categories: none; available: true; createdAt: as it is).',
})
export class ItemPatch {
  @Field(() => Id, { description: 'Which item.' })
  readonly id!: string;

  @Field(() => String, { nullable: true, description: 'Title.' })
  readonly title?: string | null;

  @Field(() => [String], { nullable: true, description: 'All of its categories from now on.' })
  readonly categories?: readonly string[] | null;

  @Field(() => JSONObject, {
    nullable: true,
    description: 'Properties that change; one that is given as null leaves, the others stay. null: all of them leave.',
  })
  readonly properties?: Readonly<Record<string, unknown>> | null;

  @Field(() => [Float], { nullable: true, description: 'Its vector.' })
  readonly vector?: readonly number[] | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether it may be answered.' })
  readonly available?: boolean | null;

  @Field(() => DateTime, { nullable: true, description: 'When it was made.' })
  readonly createdAt?: string | null;

  @Field(() => DateTime, {
    nullable: true,
    description: 'From this time on it is in no answer; null: it does not expire.',
  })
  readonly expiresAt?: string | null;
}

@InputType({ description: 'Items to change.' })
export class PatchItemsInput {
  @Field(() => [ItemPatch], { description: 'At most 1,000, done one after the other.' })
  readonly items!: readonly ItemPatch[];
}

@ObjectType({ description: 'What became of the changes.' })
export class PatchItemsPayload {
  @Field(() => Int, { description: 'Items that are as the changes want them.' })
  readonly patched!: number;

  @Field(() => [UserError], {
    description:
      'What was wrong with the others, such as NOT_FOUND; `field` begins with their place, such as items[3]. Such a change is left out as a whole.',
  })
  readonly userErrors!: readonly UserError[];
}

@InputType({ description: 'Items to write; each replaces what was stored under its id.' })
export class PutItemsInput {
  @Field(() => [ItemInput], { description: 'At most 1,000 items. Of two with the same id the later one stays.' })
  readonly items!: readonly ItemInput[];
}

@ObjectType({ description: 'What became of the items.' })
export class PutItemsPayload {
  @Field(() => Int, { description: 'Items that were written.' })
  readonly written!: number;

  @Field(() => [UserError], {
    description: 'What was wrong with the others; `field` begins with their place, such as items[3].',
  })
  readonly userErrors!: readonly UserError[];
}

@InputType({ description: 'Items to delete.' })
export class DeleteItemsInput {
  @Field(() => [Id], { description: 'At most 1,000 ids. An empty list deletes nothing.' })
  readonly ids!: readonly string[];
}

@ObjectType({ description: 'What became of the items.' })
export class DeleteItemsPayload {
  @Field(() => Int, { description: 'Items that were deleted.' })
  readonly deleted!: number;

  @Field(() => [UserError], { description: 'Ids that no item has (NOT_FOUND).' })
  readonly userErrors!: readonly UserError[];
}
