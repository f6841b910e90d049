import { Field, Float, InputType, Int } from '@nestjs/graphql';
import { Id } from './id.scalar.js';
import { ItemFilterInput } from './item-filter.type.js';

const nameField = {
  nullable: true,
  description: 'What `rules` of the items calls it, at most 64 characters.',
} as const;

@InputType({ description: 'Multiplies the odds of some items, over the whole catalogue.' })
export class BoostInput {
  @Field(() => ItemFilterInput, { description: 'Which items.' })
  readonly filter!: ItemFilterInput;

  @Field(() => Float, {
    description: 'By how much, 0.001 to 1,000: 2 doubles the probability that the model gives them, below 1 it lowers.',
  })
  readonly factor!: number;

  @Field(() => String, { ...nameField, defaultValue: 'boost' })
  readonly name!: string;
}

@InputType({
  description: 'Puts an item at a rank, if it may be answered; else the rank is filled as without the pin.',
})
export class PinInput {
  @Field(() => Id, { description: 'The item; once.' })
  readonly itemId!: string;

  @Field(() => Int, { description: 'From 1 to 100; one pin a rank.' })
  readonly rank!: number;

  @Field(() => String, { ...nameField, defaultValue: 'pin' })
  readonly name!: string;
}

@InputType({ description: 'A share of the answer for some items, kept at every rank from above.' })
export class PromotedInput {
  @Field(() => ItemFilterInput, { description: 'Which items; the best of them are taken.' })
  readonly filter!: ItemFilterInput;

  @Field(() => Float, { description: 'Above 0, at most 1; rounded down to whole items. Those that come anyway count.' })
  readonly share!: number;

  @Field(() => String, { ...nameField, defaultValue: 'promoted' })
  readonly name!: string;
}

@InputType({ description: 'At most so many items that have a category, or a value of a property, in common.' })
export class CapInput {
  @Field(() => String, { nullable: true, description: 'Name of the property; left out: categories.' })
  readonly property?: string | null;

  @Field(() => Int, { description: 'Items, from 1 on.' })
  readonly most!: number;

  @Field(() => String, { ...nameField, defaultValue: 'cap' })
  readonly name!: string;
}

@InputType({
  description:
    'Lowers what the user was shown lately, by the log of answers (RECOLLECT_IMPRESSION_DAYS), which is some 0.2 s behind.',
})
export class RotationInput {
  @Field(() => Int, { description: 'Hours to look back, 1 to 720.' })
  readonly withinHours!: number;

  @Field(() => Float, { defaultValue: 0.5, description: 'Factor of the odds for each time, above 0, below 1.' })
  readonly factor!: number;

  @Field(() => String, { ...nameField, defaultValue: 'rotation' })
  readonly name!: string;
}

@InputType({ description: 'Draws the order at random, near to the order by score.' })
export class ExplorationInput {
  @Field(() => Float, {
    description: 'Above 0, at most 10: 1 draws by the probabilities of the model, less keeps nearer to the best.',
  })
  readonly weight!: number;

  @Field(() => String, {
    nullable: true,
    description: 'The same seed draws the same; left out: another one each time.',
  })
  readonly seed?: string | null;

  @Field(() => String, { ...nameField, defaultValue: 'exploration' })
  readonly name!: string;
}

@InputType({
  description:
    'Prefers what is not like the items above it (maximal marginal relevance): likeness is the cosine in the model, without one the shared categories.',
})
export class DiversityInput {
  @Field(() => Float, { description: 'Above 0, at most 1: 0 would be the order by score, 1 looks at likeness alone.' })
  readonly weight!: number;

  @Field(() => String, { ...nameField, defaultValue: 'diversity' })
  readonly name!: string;
}

@InputType({
  description:
    'How the items are arranged. No rule brings in what may not be answered: filter, seen and blocked items hold for all of them.',
})
export class RulesInput {
  @Field(() => [BoostInput], { nullable: true, description: 'At most 20; those that fit an item multiply.' })
  readonly boosts?: readonly BoostInput[] | null;

  @Field(() => [PinInput], { nullable: true, description: 'At most 100.' })
  readonly pins?: readonly PinInput[] | null;

  @Field(() => PromotedInput, { nullable: true, description: 'Promoted items.' })
  readonly promoted?: PromotedInput | null;

  @Field(() => [CapInput], { nullable: true, description: 'At most 5.' })
  readonly caps?: readonly CapInput[] | null;

  @Field(() => RotationInput, { nullable: true, description: 'Of a user alone.' })
  readonly rotation?: RotationInput | null;

  @Field(() => ExplorationInput, { nullable: true, description: 'Exploration.' })
  readonly exploration?: ExplorationInput | null;

  @Field(() => DiversityInput, { nullable: true, description: 'Diversity.' })
  readonly diversity?: DiversityInput | null;
}
