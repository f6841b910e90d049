import { Field, Float, Int, ObjectType } from '@nestjs/graphql';

@ObjectType('EpochFigures', { description: 'Figures of one epoch.' })
export class EpochFiguresType {
  @Field(() => Int, { description: 'From 1 on.' })
  readonly epoch!: number;

  @Field(() => Float, { description: 'Mean loss.' })
  readonly loss!: number;

  @Field(() => Float, { nullable: true, description: 'HR@10 on the validation part.' })
  readonly validationHrAt10!: number | null;

  @Field(() => Float, { nullable: true, description: 'NDCG@10 on the validation part.' })
  readonly validationNdcgAt10!: number | null;

  @Field(() => Float, { description: 'Learning rate at its end.' })
  readonly learningRate!: number;

  @Field(() => Float, { nullable: true, description: 'Mean norm of the gradients, before they are cut.' })
  readonly gradientNorm?: number | null;

  @Field(() => Float, { nullable: true, description: 'Largest norm of the gradients, before they are cut.' })
  readonly gradientNormMax?: number | null;

  @Field(() => Float, {
    nullable: true,
    description:
      'How evenly the validation reads the slots: 0 always one slot, 1 all alike. Null: there are no slots to choose from.',
  })
  readonly slotReadEntropy?: number | null;

  @Field(() => Int, {
    nullable: true,
    description:
      'Slots that get less than a tenth of an equal share of the attention. Null: there are no slots to choose from.',
  })
  readonly deadSlots?: number | null;

  @Field(() => Float, { description: 'How long it took.' })
  readonly seconds!: number;

  @Field(() => Float, {
    nullable: true,
    description: 'Most memory that the training process has had so far, in bytes.',
  })
  readonly peakMemoryBytes?: number | null;
}
