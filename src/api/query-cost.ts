/**
 * What a document costs to answer, told before anything is done for it:
 *
 *   cost = for each field, how often it is asked for, and what it says that it costs once (`complexity`)
 *
 * A list is as long as the `first` beside or above it says, which bounds `edges` and `items` too; others are taken as `unsaidLength`
 * long. A fragment that is spread twice in a selection is answered once and counts once. What a field says that it costs once, such as
 * a replay of a history, is not multiplied by the list that the field stands in: it is done once for all of them.
 */
import {
  getNamedType,
  getNullableType,
  GraphQLError,
  isInputObjectType,
  isListType,
  isObjectType,
  Kind,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';
import type { Config } from '../config.js';
import { maximumFirst } from './arguments.js';

/** Arguments that say how long a list is; a resolver refuses more than `maximumFirst`. */
const lengths: ReadonlySet<string> = new Set(['first', 'moments']);
const unsaidLength = 10;
/** Items that a query takes to order them. */
const longestList = 1_000;

/** What a replay of a user's history costs at most, beside the fields that are read off it. */
export const replayCost = 500;
/** The same of one in which memories without some of the interactions go along. */
export const becauseCost = 2_000;

type Variables = Readonly<Record<string, unknown>>;

interface Cost {
  /** for each object that the selection is made of */
  readonly each: number;
  readonly once: number;
}

/** Of operations whose cost is the same whatever their variables are: documents are parsed once and asked for often. */
const fixedCosts = new WeakMap<OperationDefinitionNode, number>();

/** Refuses an operation above `queryCost`, with LIMIT_EXCEEDED and the numbers. */
export function checkCost(
  { queryCost }: Pick<Config, 'queryCost'>,
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Variables,
): void {
  const found = costOf(schema, document, operation, variables);
  if (found <= queryCost) return;
  const remedy = 'ask for fewer fields, or for fewer rows by `first`';
  throw new GraphQLError(`the operation costs ${found}; at most ${queryCost} is allowed: ${remedy}`, {
    extensions: { code: 'LIMIT_EXCEEDED', found, maximum: queryCost, http: { status: 400 } },
  });
}

export function costOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  given: Variables,
): number {
  const known = fixedCosts.get(operation);
  if (known !== undefined) return known;
  const counting = new Counting(document, { ...defaultsOf(operation), ...given });
  const { each, once } = counting.of(operation.selectionSet, schema.getRootType(operation.operation), null);
  const cost = each + once;
  if (!counting.hasLookedAtVariables) fixedCosts.set(operation, cost);
  return cost;
}

class Counting {
  hasLookedAtVariables = false;
  private readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** by selection and the rows said above it: fragments in fragments must not be walked again and again */
  private readonly known = new Map<SelectionSetNode, Map<number | null, Cost>>();

  constructor(
    { definitions }: DocumentNode,
    private readonly variables: Variables,
  ) {
    this.fragments = new Map(
      definitions.flatMap((part) => (part.kind === Kind.FRAGMENT_DEFINITION ? [[part.name.value, part]] : [])),
    );
  }

  /** `said`: rows that an argument of the field above asks for. */
  of(selection: SelectionSetNode, type: GraphQLNamedType | null | undefined, said: number | null): Cost {
    const before = this.known.get(selection)?.get(said);
    if (before !== undefined) return before;
    const costs = isObjectType(type)
      ? this.fieldsOf(selection).map((field) => this.ofField(field, type.getFields()[field.name.value], said))
      : [];
    const cost = {
      each: costs.reduce((sum, { each }) => sum + each, 0),
      once: costs.reduce((sum, { once }) => sum + once, 0),
    };
    this.known.set(selection, (this.known.get(selection) ?? new Map<number | null, Cost>()).set(said, cost));
    return cost;
  }

  private ofField(field: FieldNode, known: GraphQLField<unknown, unknown> | undefined, said: number | null): Cost {
    if (known === undefined) return { each: 0, once: 0 }; // one of the schema's own
    const asked = this.rowsOf(field, known);
    const isList = isListType(getNullableType(known.type));
    const rows = isList ? (asked ?? said ?? unsaidLength) : 1;
    const below =
      field.selectionSet === undefined
        ? { each: 0, once: 0 }
        : this.of(field.selectionSet, getNamedType(known.type), isList ? null : asked);
    const { complexity } = known.extensions;
    return { each: 1 + rows * below.each, once: (typeof complexity === 'number' ? complexity : 0) + below.once };
  }

  /** The fields of a selection with its fragments spread out, each fragment once. */
  private fieldsOf(selection: SelectionSetNode, spread = new Set<string>()): readonly FieldNode[] {
    return selection.selections.flatMap((part) => {
      if (part.kind === Kind.FIELD) return [part];
      if (part.kind === Kind.INLINE_FRAGMENT) return this.fieldsOf(part.selectionSet, spread);
      const fragment = this.fragments.get(part.name.value);
      if (fragment === undefined || spread.has(part.name.value)) return [];
      spread.add(part.name.value);
      return this.fieldsOf(fragment.selectionSet, spread);
    });
  }

  /** The rows that the field's own arguments ask for; null: it has none that say so. */
  private rowsOf(field: FieldNode, { args }: GraphQLField<unknown, unknown>): number | null {
    for (const { name, type, defaultValue } of args) {
      const node = field.arguments?.find((argument) => argument.name.value === name)?.value;
      if (lengths.has(name)) return boundedRows(this.valueOf(node), defaultValue);
      const input = getNullableType(type);
      if (!isInputObjectType(input)) continue;
      const { first, itemIds } = input.getFields();
      if (first !== undefined) return boundedRows(this.partOf(node, 'first'), first.defaultValue);
      if (itemIds !== undefined) return this.lengthOf(node, 'itemIds');
    }
    return null;
  }

  private valueOf(node: ValueNode | undefined): unknown {
    if (node?.kind === Kind.INT) return Number(node.value);
    if (node?.kind !== Kind.VARIABLE) return undefined;
    this.hasLookedAtVariables = true;
    return this.variables[node.name.value];
  }

  /** Of a list that is answered entry by entry. */
  private lengthOf(node: ValueNode | undefined, name: string): number {
    const field = node?.kind === Kind.OBJECT ? node.fields.find((one) => one.name.value === name)?.value : undefined;
    const list = field?.kind === Kind.LIST ? field.values : this.partOf(node, name);
    return Array.isArray(list) ? Math.min(Math.max(1, list.length), longestList) : unsaidLength;
  }

  private partOf(node: ValueNode | undefined, name: string): unknown {
    if (node?.kind === Kind.OBJECT) return this.valueOf(node.fields.find((field) => field.name.value === name)?.value);
    const value = this.valueOf(node);
    return typeof value === 'object' && value !== null ? (value as Variables)[name] : undefined;
  }
}

/** What is out of bounds is refused by the resolver, in words of its own. */
function boundedRows(asked: unknown, otherwise: unknown): number {
  const rows = asked ?? otherwise;
  return typeof rows === 'number' ? Math.min(Math.max(1, rows), maximumFirst) : unsaidLength;
}

/** Whole numbers alone: nothing else says how long a list is. */
function defaultsOf({ variableDefinitions = [] }: OperationDefinitionNode): Variables {
  return Object.fromEntries(
    variableDefinitions.flatMap(({ variable, defaultValue }) =>
      defaultValue?.kind === Kind.INT ? [[variable.name.value, Number(defaultValue.value)]] : [],
    ),
  );
}
