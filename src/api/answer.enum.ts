import { registerEnumType } from '@nestjs/graphql';
import type { FallbackReason, ShortfallCause, Source } from '../recommend/answer.js';

export const SourceEnum: Readonly<Record<Source, Source>> = {
  MEMORY: 'MEMORY',
  SESSION: 'SESSION',
  MODEL: 'MODEL',
  CONTENT: 'CONTENT',
  POPULAR: 'POPULAR',
  LATEST: 'LATEST',
  RULE: 'RULE',
};
registerEnumType(SourceEnum, {
  name: 'Source',
  description: 'What placed an item.',
  valuesMap: {
    MEMORY: { description: "The user's memory, read by the live model." },
    SESSION: { description: "A visitor's list of interactions, encoded like a user's and not stored." },
    MODEL: { description: "Nearness in the live model's item table." },
    CONTENT: {
      description:
        'The same as of the answer, on an item that the live model has not learned and knows by its content alone: its ' +
        'categories, the words of its title and description, its vector.',
    },
    POPULAR: { description: 'Weighted counts of interactions: of the last 30 days, then of all time.' },
    LATEST: { description: 'The newest items of the catalogue.' },
    RULE: { description: 'A pin, on an item that none of the others placed.' },
  },
});

export const FallbackReasonEnum: Readonly<Record<FallbackReason, FallbackReason>> = {
  NO_MODEL: 'NO_MODEL',
  UNKNOWN_USER: 'UNKNOWN_USER',
  NO_MEMORY_YET: 'NO_MEMORY_YET',
  NO_INTERACTIONS: 'NO_INTERACTIONS',
  NO_KNOWN_ITEMS: 'NO_KNOWN_ITEMS',
  UNKNOWN_ITEM: 'UNKNOWN_ITEM',
  NO_SCORED_ITEMS: 'NO_SCORED_ITEMS',
};
registerEnumType(FallbackReasonEnum, {
  name: 'FallbackReason',
  description: 'Why an answer does not rest on what was asked for.',
  valuesMap: {
    NO_MODEL: { description: 'No model is live yet.' },
    UNKNOWN_USER: { description: 'Nothing is known of the user.' },
    NO_MEMORY_YET: { description: 'The user has interactions, but no memory under the live model.' },
    NO_INTERACTIONS: { description: 'The list of interactions is empty.' },
    NO_KNOWN_ITEMS: { description: 'The live model knows none of the items of the interactions.' },
    UNKNOWN_ITEM: { description: 'The live model knows neither the item nor anything of its content.' },
    NO_SCORED_ITEMS: { description: 'None of the items that the live model knows may be answered.' },
  },
});

export const ShortfallCauseEnum: Readonly<Record<ShortfallCause, ShortfallCause>> = {
  SEEN: 'SEEN',
  CATALOGUE_EMPTY: 'CATALOGUE_EMPTY',
  CATALOGUE_EXHAUSTED: 'CATALOGUE_EXHAUSTED',
  NOT_COUNTED: 'NOT_COUNTED',
  FILTER: 'FILTER',
  RULES: 'RULES',
  PAGES_EXHAUSTED: 'PAGES_EXHAUSTED',
};
registerEnumType(ShortfallCauseEnum, {
  name: 'ShortfallCause',
  description: 'Why an answer has fewer items than were asked for.',
  valuesMap: {
    SEEN: { description: 'The user has seen the others.' },
    CATALOGUE_EMPTY: { description: 'No item of the catalogue may be answered.' },
    CATALOGUE_EXHAUSTED: { description: 'The catalogue has no more items that may be answered.' },
    NOT_COUNTED: { description: 'No more items had interactions of these kinds in the window.' },
    FILTER: { description: 'The filter, or the list of blocked items, keeps the others out.' },
    RULES: { description: 'The caps let no more pass.' },
    PAGES_EXHAUSTED: { description: 'What was noted of the answer was read to its end.' },
  },
});
