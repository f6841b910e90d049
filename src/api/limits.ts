/**
 * What a document may ask for: its depth, and its root fields and aliases, counted with all fragments spread out.
 * Length in tokens is bounded by the parser, cost by `query-cost`, bytes and time by the HTTP server.
 */
import {
  GraphQLError,
  Kind,
  type ASTVisitor,
  type FragmentDefinitionNode,
  type SelectionSetNode,
  type ValidationContext,
} from 'graphql';
import type { Config } from '../config.js';

export type Limits = Pick<Config, 'queryDepth' | 'queryAliases'>;

/** A validation rule; the schema's own description, where it may be asked for, is not counted as deep. */
export function limitRule(limits: Limits): (context: ValidationContext) => ASTVisitor {
  return (context) => {
    const depths = new Map<string, number>();
    const depthOf = ({ selections }: SelectionSetNode): number =>
      Math.max(
        0,
        ...selections.map((selection) => {
          if (selection.kind === Kind.FIELD) {
            if (selection.name.value.startsWith('__')) return 0;
            return 1 + (selection.selectionSet === undefined ? 0 : depthOf(selection.selectionSet));
          }
          if (selection.kind === Kind.INLINE_FRAGMENT) return depthOf(selection.selectionSet);
          return onceFor(depths, context.getFragment(selection.name.value), depthOf);
        }),
      );
    const counts = new Map<string, number>();
    const countOf = ({ selections }: SelectionSetNode): number =>
      selections.reduce((sum, selection) => {
        if (selection.kind === Kind.FIELD) return sum + 1;
        if (selection.kind === Kind.INLINE_FRAGMENT) return sum + countOf(selection.selectionSet);
        return sum + onceFor(counts, context.getFragment(selection.name.value), countOf);
      }, 0);
    const refuse = (message: string, found: number, maximum: number): void => {
      context.reportError(new GraphQLError(message, { extensions: { code: 'LIMIT_EXCEEDED', found, maximum } }));
    };
    let aliases = 0;
    return {
      OperationDefinition: (operation) => {
        const depth = depthOf(operation.selectionSet);
        const fields = countOf(operation.selectionSet);
        if (depth > limits.queryDepth) {
          const message = `the selection is ${depth} levels deep; at most ${limits.queryDepth} are allowed`;
          refuse(message, depth, limits.queryDepth);
        }
        if (fields > limits.queryAliases) {
          const message = `the document asks for ${fields} root fields; at most ${limits.queryAliases} are allowed`;
          refuse(message, fields, limits.queryAliases);
        }
      },
      Field: (field) => {
        if (field.alias === undefined) return;
        aliases += 1;
        if (aliases === limits.queryAliases + 1) {
          const message = `the document has more than ${limits.queryAliases} aliases, which is the most that is allowed`;
          refuse(message, aliases, limits.queryAliases);
        }
      },
    };
  };
}

/** A fragment is looked through once; one that spreads itself counts as nothing here and is refused by another rule. */
function onceFor(
  known: Map<string, number>,
  fragment: FragmentDefinitionNode | null | undefined,
  look: (selectionSet: SelectionSetNode) => number,
): number {
  if (fragment === null || fragment === undefined) return 0;
  const name = fragment.name.value;
  const before = known.get(name);
  if (before !== undefined) return before;
  known.set(name, 0);
  const found = look(fragment.selectionSet);
  known.set(name, found);
  return found;
}
