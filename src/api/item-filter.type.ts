import { Field, Float, InputType } from '@nestjs/graphql';
import type { Scalar } from '../recommend/filter/item-filter.js';
import { DateTime } from './date-time.scalar.js';
import { Id } from './id.scalar.js';
import { ScalarValue } from './scalar-value.scalar.js';

@InputType({ description: 'Ids of items.' })
export class IdCondition {
  @Field(() => Id, { nullable: true, description: 'This one.' })
  readonly eq?: string;

  @Field(() => [Id], { nullable: true, description: 'One of these; of an empty list: none. At most 10,000.' })
  readonly in?: readonly string[];
}

@InputType({ description: 'Categories of an item.' })
export class CategoryCondition {
  @Field(() => String, { nullable: true, description: 'It has this one.' })
  readonly eq?: string;

  @Field(() => [String], {
    nullable: true,
    description: 'It has at least one of these; of an empty list: none has. At most 1,000.',
  })
  readonly in?: readonly string[];

  @Field(() => [String], { nullable: true, description: 'It has each of these. At most 1,000.' })
  readonly all?: readonly string[];

  @Field(() => Boolean, { nullable: true, description: 'Whether it has any.' })
  readonly exists?: boolean;
}

@InputType({ description: 'Between two numbers; at least one bound.' })
export class NumberRange {
  @Field(() => Float, { nullable: true, description: 'Above this one.' })
  readonly gt?: number;

  @Field(() => Float, { nullable: true, description: 'This one or above.' })
  readonly gte?: number;

  @Field(() => Float, { nullable: true, description: 'Below this one.' })
  readonly lt?: number;

  @Field(() => Float, { nullable: true, description: 'This one or below.' })
  readonly lte?: number;
}

@InputType({ description: 'Between two times; at least one bound.' })
export class TimeRange {
  @Field(() => DateTime, { nullable: true, description: 'After this one.' })
  readonly gt?: string;

  @Field(() => DateTime, { nullable: true, description: 'This one or after.' })
  readonly gte?: string;

  @Field(() => DateTime, { nullable: true, description: 'Before this one.' })
  readonly lt?: string;

  @Field(() => DateTime, { nullable: true, description: 'This one or before.' })
  readonly lte?: string;
}

@InputType({ description: 'The property `price`; a list has one price or the other.' })
export class PriceCondition {
  @Field(() => ScalarValue, { nullable: true, description: 'This one.' })
  readonly eq?: Scalar;

  @Field(() => [ScalarValue], { nullable: true, description: 'One of these; of an empty list: none. At most 1,000.' })
  readonly in?: readonly Scalar[];

  @Field(() => NumberRange, { nullable: true, description: 'A number in this range.' })
  readonly range?: NumberRange;

  @Field(() => Boolean, { nullable: true, description: 'Whether there is one that is not null.' })
  readonly exists?: boolean;
}

@InputType({ description: 'A property of an item. Of a list it is enough that one entry fits.' })
export class PropertyCondition extends PriceCondition {
  @Field(() => String, { description: 'Its name, at the top of `properties`.' })
  readonly name!: string;

  @Field(() => [String], {
    nullable: true,
    description:
      'Where it lies below that one, in objects or in lists of objects: the names on the way and its own, at most 4, such as `["width"]` of the ' +
      'property `size`.',
  })
  readonly path?: readonly string[];
}

@InputType('ItemFilter', {
  description:
    'Which items. All that is said must hold, so that an empty filter lets every item pass. At most 8 levels and 100 conditions; null is ' +
    'refused: leave out what is not asked.',
})
export class ItemFilterInput {
  @Field(() => [ItemFilterInput], { nullable: true, description: 'All of these; of an empty list: every item.' })
  readonly and?: readonly ItemFilterInput[];

  @Field(() => [ItemFilterInput], { nullable: true, description: 'At least one of these; of an empty list: none.' })
  readonly or?: readonly ItemFilterInput[];

  @Field(() => ItemFilterInput, { nullable: true, description: 'All but these.' })
  readonly not?: ItemFilterInput;

  @Field(() => IdCondition, { nullable: true, description: 'By id.' })
  readonly ids?: IdCondition;

  @Field(() => CategoryCondition, { nullable: true, description: 'By category.' })
  readonly categories?: CategoryCondition;

  @Field(() => [PropertyCondition], { nullable: true, description: 'By properties, all of these.' })
  readonly properties?: readonly PropertyCondition[];

  @Field(() => PriceCondition, { nullable: true, description: 'By price.' })
  readonly price?: PriceCondition;

  @Field(() => TimeRange, { nullable: true, description: 'By when it entered the catalogue.' })
  readonly createdAt?: TimeRange;
}
