/** What the tests read of answers; a field that a query does not ask for is not there. */
export interface ItemView {
  readonly id: string;
  readonly title: string | null;
}

export interface AttendedView {
  readonly id: string | null;
  readonly itemId: string;
  readonly kind: string;
  readonly occurredAt: string | null;
  readonly attention: number;
  readonly influence: number | null;
}

export interface PlacedView {
  readonly rank: number;
  readonly score: number;
  readonly source: string;
  readonly rules: readonly string[];
  readonly item: ItemView;
  readonly because: readonly AttendedView[];
}

export interface AnswerView {
  readonly id: string;
  readonly source: string;
  readonly fallbackReason: string | null;
  readonly modelVersion: number | null;
  readonly interactionsSeen: number;
  readonly memoryUpdatedAt: string;
  readonly shortfall: { readonly missing: number; readonly cause: string } | null;
  readonly items: readonly PlacedView[];
  readonly because: readonly AttendedView[];
}

export interface ErrorView {
  readonly code: string;
  readonly field: string | null;
  readonly message: string;
}

export interface TrackedView {
  readonly trackInteractions: {
    readonly accepted: number;
    readonly duplicates: number;
    readonly refused: number;
    readonly verdicts: readonly {
      readonly index: number;
      readonly status: string;
      readonly id: string | null;
      readonly error: ErrorView | null;
    }[];
    readonly userErrors: readonly ErrorView[];
  };
}

export interface ConnectionView<Node> {
  readonly edges: readonly { readonly cursor: string; readonly node: Node }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

export interface ProfileView {
  readonly lastOccurredAt: string;
  readonly slots: readonly {
    readonly index: number;
    readonly weight: number;
    readonly halfLife: number | null;
    readonly label: string;
    readonly nearestItems: readonly ItemView[];
    readonly interactions: readonly { readonly itemId: string; readonly share: number }[];
  }[];
  readonly topItems: readonly { readonly itemId: string; readonly share: number }[];
  readonly topCategories: readonly { readonly category: string; readonly share: number }[];
}
