/** Written by `npm run client` out of the schema and the operations; not to be edited. */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** Categories of an item. */
export type CategoryCondition = {
  /** It has each of these. At most 1,000. */
  all?: Array<string> | null | undefined;
  /** It has this one. */
  eq?: string | null | undefined;
  /** Whether it has any. */
  exists?: boolean | null | undefined;
  /** It has at least one of these; of an empty list: none has. At most 1,000. */
  in?: Array<string> | null | undefined;
};

/** Why an answer does not rest on what was asked for. */
export type FallbackReason =
  /** The list of interactions is empty. */
  | 'NO_INTERACTIONS'
  /** The live model knows none of the items of the interactions. */
  | 'NO_KNOWN_ITEMS'
  /** The user has interactions, but no memory under the live model. */
  | 'NO_MEMORY_YET'
  /** No model is live yet. */
  | 'NO_MODEL'
  /** None of the items that the live model knows may be answered. */
  | 'NO_SCORED_ITEMS'
  /** The live model knows neither the item nor anything of its content. */
  | 'UNKNOWN_ITEM'
  /** Nothing is known of the user. */
  | 'UNKNOWN_USER';

/** Ids of items. */
export type IdCondition = {
  /** This one. */
  eq?: string | null | undefined;
  /** One of these; of an empty list: none. At most 10,000. */
  in?: Array<string> | null | undefined;
};

/** What a user did with an item. */
export type InteractionInput = {
  /** Unique for the user; a retry under the same id changes nothing. Left out: a new one is made. */
  id?: string | null | undefined;
  /** 1 to 256 characters, kept as given. */
  itemId: string;
  /** A configured kind, such as view. */
  kind: string;
  /** When it happened. */
  occurredAt: string;
  /** At most 4 KiB. */
  properties?: Readonly<Record<string, unknown>> | null | undefined;
  /** The id of the answer that led to it. */
  recommendationId?: string | null | undefined;
  /** The visit. Without a userId it is the visitor, who is then the user session:<sessionId>. */
  sessionId?: string | null | undefined;
  /** 1 to 256 characters, kept as given. Left out: see sessionId. */
  userId?: string | null | undefined;
  /** A rating, seconds, a portion: what you mean by it. */
  value?: number | null | undefined;
};

/** Which items. All that is said must hold, so that an empty filter lets every item pass. At most 8 levels and 100 conditions; null is refused: leave out what is not asked. */
export type ItemFilter = {
  /** All of these; of an empty list: every item. */
  and?: Array<ItemFilter> | null | undefined;
  /** By category. */
  categories?: CategoryCondition | null | undefined;
  /** By when it entered the catalogue. */
  createdAt?: TimeRange | null | undefined;
  /** By id. */
  ids?: IdCondition | null | undefined;
  /** All but these. */
  not?: ItemFilter | null | undefined;
  /** At least one of these; of an empty list: none. */
  or?: Array<ItemFilter> | null | undefined;
  /** By price. */
  price?: PriceCondition | null | undefined;
  /** By properties, all of these. */
  properties?: Array<PropertyCondition> | null | undefined;
};

/** Between two numbers; at least one bound. */
export type NumberRange = {
  /** Above this one. */
  gt?: number | null | undefined;
  /** This one or above. */
  gte?: number | null | undefined;
  /** Below this one. */
  lt?: number | null | undefined;
  /** This one or below. */
  lte?: number | null | undefined;
};

/** The property `price`; a list has one price or the other. */
export type PriceCondition = {
  /** This one. */
  eq?: string | number | boolean | null | undefined;
  /** Whether there is one that is not null. */
  exists?: boolean | null | undefined;
  /** One of these; of an empty list: none. At most 1,000. */
  in?: Array<string | number | boolean> | null | undefined;
  /** A number in this range. */
  range?: NumberRange | null | undefined;
};

/** A property of an item. Of a list it is enough that one entry fits. */
export type PropertyCondition = {
  /** This one. */
  eq?: string | number | boolean | null | undefined;
  /** Whether there is one that is not null. */
  exists?: boolean | null | undefined;
  /** One of these; of an empty list: none. At most 1,000. */
  in?: Array<string | number | boolean> | null | undefined;
  /** Its name, at the top of `properties`. */
  name: string;
  /** Where it lies below that one, in objects or in lists of objects: the names on the way and its own, at most 4, such as `["width"]` of the property `size`. */
  path?: Array<string> | null | undefined;
  /** A number in this range. */
  range?: NumberRange | null | undefined;
};

/** What placed an item. */
export type Source =
  /** The same as of the answer, on an item that the live model has not learned and knows by its content alone: its categories, the words of its title and description, its vector. */
  | 'CONTENT'
  /** The newest items of the catalogue. */
  | 'LATEST'
  /** The user's memory, read by the live model. */
  | 'MEMORY'
  /** Nearness in the live model's item table. */
  | 'MODEL'
  /** Weighted counts of interactions: of the last 30 days, then of all time. */
  | 'POPULAR'
  /** A pin, on an item that none of the others placed. */
  | 'RULE'
  /** A visitor's list of interactions, encoded like a user's and not stored. */
  | 'SESSION';

/** Between two times; at least one bound. */
export type TimeRange = {
  /** After this one. */
  gt?: string | null | undefined;
  /** This one or after. */
  gte?: string | null | undefined;
  /** Before this one. */
  lt?: string | null | undefined;
  /** This one or before. */
  lte?: string | null | undefined;
};

export type HistoryQueryVariables = Exact<{
  userId: string;
  first?: number;
  after?: string | null | undefined;
}>;


export type HistoryQuery = { user: { interactions: { edges: Array<{ node: { id: string, kind: string, occurredAt: string, item: { title: string | null } | null } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } } };

export type MemoryChangedSubscriptionVariables = Exact<{
  userId: string;
}>;


export type MemoryChangedSubscription = { memoryChanged: { interactionsApplied: number, slots: Array<{ label: string, weight: number }> } };

export type TrackMutationVariables = Exact<{
  interactions: Array<InteractionInput> | InteractionInput;
}>;


export type TrackMutation = { trackInteractions: { accepted: number, duplicates: number, userErrors: Array<{ code: string, field: string | null, message: string }> } | null };

export type WhatNextQueryVariables = Exact<{
  userId: string;
  first?: number;
  filter?: ItemFilter | null | undefined;
}>;


export type WhatNextQuery = { recommendations: { id: string, source: Source, fallbackReason: FallbackReason | null, items: Array<{ rank: number, score: number, item: { id: string, title: string | null, categories: Array<string> }, because: Array<{ itemId: string, attention: number, influence: number | null }> }> } };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}

export const HistoryDocument = new TypedDocumentString(`
    """A page of what a user did, the newest first."""
query History($userId: ID!, $first: Int! = 20, $after: String) {
  user(id: $userId) {
    interactions(first: $first, after: $after) {
      edges {
        node {
          id
          kind
          occurredAt
          item {
            title
          }
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
}
    `) as unknown as TypedDocumentString<HistoryQuery, HistoryQueryVariables>;
export const MemoryChangedDocument = new TypedDocumentString(`
    """What is remembered of a user, now and whenever it changes."""
subscription MemoryChanged($userId: ID!) {
  memoryChanged(userId: $userId) {
    interactionsApplied
    slots {
      label
      weight
    }
  }
}
    `) as unknown as TypedDocumentString<MemoryChangedSubscription, MemoryChangedSubscriptionVariables>;
export const TrackDocument = new TypedDocumentString(`
    """
Logs what users did; a row that is sent again under its id changes nothing.
"""
mutation Track($interactions: [InteractionInput!]!) {
  trackInteractions(input: {interactions: $interactions}) {
    accepted
    duplicates
    userErrors {
      code
      field
      message
    }
  }
}
    `) as unknown as TypedDocumentString<TrackMutation, TrackMutationVariables>;
export const WhatNextDocument = new TypedDocumentString(`
    """
What to show a user: items that were not seen yet, and the past interaction that each of them rests on most.
"""
query WhatNext($userId: ID!, $first: Int! = 10, $filter: ItemFilter) {
  recommendations(input: {userId: $userId, first: $first, filter: $filter}) {
    id
    source
    fallbackReason
    items {
      rank
      score
      item {
        id
        title
        categories
      }
      because(first: 1) {
        itemId
        attention
        influence
      }
    }
  }
}
    `) as unknown as TypedDocumentString<WhatNextQuery, WhatNextQueryVariables>;