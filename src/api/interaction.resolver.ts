import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { InteractionIntake } from '../ingest/interaction-intake.js';
import { Scopes, type UsersOf } from './access.js';
import { checkCount } from './arguments.js';
import { TrackInteractionsInput, TrackInteractionsPayload, type InteractionVerdict } from './interaction.type.js';

/** Rows of one request. */
const mostRows = 1_000;

/** Each row has to name its user: that of a visit is another one. */
const ofInteractions: UsersOf = ({ input }: { readonly input: TrackInteractionsInput }) =>
  input.interactions.map(({ userId }) => userId);

@Resolver()
export class InteractionResolver {
  constructor(private readonly intake: InteractionIntake) {}

  @Scopes('writer', ofInteractions)
  @Mutation(() => TrackInteractionsPayload, {
    nullable: true,
    description:
      'Logs interactions and applies them to the memories, durably: what is accepted is there when the answer comes. Valid rows ' +
      'are taken beside refused ones; sending the same request again adds nothing where the rows have ids.',
  })
  async trackInteractions(
    @Args('input', { description: 'The interactions.' }) { interactions }: TrackInteractionsInput,
  ): Promise<TrackInteractionsPayload> {
    checkCount(interactions, mostRows, 'interactions');
    const rows = await this.intake.track(interactions, Date.now());
    const verdicts = rows.map(({ status, id, code, field, message }, index): InteractionVerdict => {
      const error = code === null || message === null ? null : { code, field, message };
      return { index, status, id, error };
    });
    const count = (...statuses: readonly string[]): number =>
      verdicts.filter(({ status }) => statuses.includes(status)).length;
    return {
      verdicts,
      accepted: count('ACCEPTED'),
      duplicates: count('DUPLICATE', 'DUPLICATE_DIFFERS'),
      forgotten: count('FORGOTTEN'),
      refused: count('REFUSED'),
      userErrors: verdicts.flatMap(({ index, error }) => {
        if (error === null) return [];
        const place = `interactions[${index}]`;
        const { code, field, message } = error;
        return [{ code, message, field: field === null ? place : `${place}.${field}` }];
      }),
    };
  }
}
