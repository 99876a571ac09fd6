import {
  Kind,
  OperationTypeNode,
  type DirectiveNode,
  type DocumentNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';

/** What one document may hold. All but the first two are counted per operation, fragments expanded. */
export const DOCUMENT_LIMITS = {
  characters: 10_000,
  tokens: 1_000,
  depth: 8,
  aliases: 10,
  rootFields: 5,
  directives: 20,
  selections: 500,
  authenticationMutations: 1,
} as const;

export interface DocumentRules {
  /**
   * Where it is off, `__schema` and `__type` are refused; where it is on, the levels below them do not count.
   */
  readonly isIntrospectionOn: boolean;
  /** Mutations of which a document may hold only one. */
  readonly authenticationMutations: ReadonlySet<string>;
}

/** What a selection set asks for, everything below it included. */
interface Tally {
  /** Fields of this very level, and how many of them are authentication mutations. */
  fields: number;
  authentications: number;
  selections: number;
  aliases: number;
  directives: number;
  introspections: number;
  depth: number;
}

/**
 * The limit that a parsed document breaks, as a public sentence; nothing if it keeps them all.
 *
 * Every fragment is counted once and its counts are added wherever it is spread, so the work is linear in the
 * document however far its fragments fan out. It runs before the rules of graphql-js, some of which are not
 * linear.
 */
export function brokenLimit(document: DocumentNode, rules: DocumentRules): string | undefined {
  const count = new Counter(document, rules);
  let authentications = 0;
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    const tally = count.setOf(definition.selectionSet);
    tally.directives += directivesOf(definition);
    for (const variable of definition.variableDefinitions ?? []) tally.directives += directivesOf(variable);
    if (definition.operation === OperationTypeNode.MUTATION) authentications += tally.authentications;
    const broken = firstBroken(tally, rules);
    if (broken) return broken;
  }
  return authentications > DOCUMENT_LIMITS.authenticationMutations
    ? 'A document may hold only one authentication mutation.'
    : undefined;
}

function firstBroken(tally: Tally, rules: DocumentRules): string | undefined {
  const { depth, aliases, rootFields, directives, selections } = DOCUMENT_LIMITS;
  if (tally.introspections > 0 && !rules.isIntrospectionOn) return 'Introspection is off.';
  if (tally.depth > depth) return `Fields may nest at most ${String(depth)} levels deep.`;
  if (tally.aliases > aliases) return `At most ${String(aliases)} aliases are allowed.`;
  if (tally.fields > rootFields) return `At most ${String(rootFields)} root fields are allowed.`;
  if (tally.directives > directives) return `At most ${String(directives)} directives are allowed.`;
  if (tally.selections > selections) return `At most ${String(selections)} selections are allowed.`;
  return undefined;
}

class Counter {
  private readonly fragments = new Map<string, { selectionSet: SelectionSetNode; directives: number }>();
  private readonly counted = new Map<string, Tally>();

  constructor(
    document: DocumentNode,
    private readonly rules: DocumentRules,
  ) {
    for (const definition of document.definitions) {
      if (definition.kind !== Kind.FRAGMENT_DEFINITION) continue;
      const { name, selectionSet } = definition;
      this.fragments.set(name.value, { selectionSet, directives: directivesOf(definition) });
    }
  }

  setOf(selectionSet: SelectionSetNode): Tally {
    const sum = empty();
    for (const selection of selectionSet.selections) {
      sum.selections += 1;
      sum.directives += directivesOf(selection);
      this.add(selection, sum);
    }
    return sum;
  }

  private add(selection: SelectionNode, sum: Tally): void {
    if (selection.kind === Kind.INLINE_FRAGMENT) return addLevel(sum, this.setOf(selection.selectionSet));
    if (selection.kind === Kind.FRAGMENT_SPREAD) return addLevel(sum, this.fragment(selection.name.value));
    const name = selection.name.value;
    const below = selection.selectionSet ? this.setOf(selection.selectionSet) : empty();
    const isIntrospection = name === '__schema' || name === '__type';
    const isExempt = isIntrospection && this.rules.isIntrospectionOn;
    sum.fields += 1;
    if (this.rules.authenticationMutations.has(name)) sum.authentications += 1;
    if (selection.alias) sum.aliases += 1;
    if (isIntrospection) sum.introspections += 1;
    sum.depth = Math.max(sum.depth, 1 + (isExempt ? 0 : below.depth));
    addTotals(sum, below);
  }

  private fragment(name: string): Tally {
    const known = this.counted.get(name);
    if (known) return known;
    // Stands while the fragment is being counted: one that spreads itself has no end, and breaks every limit.
    this.counted.set(name, { ...empty(), selections: Infinity, depth: Infinity });
    const fragment = this.fragments.get(name);
    const tally = fragment ? this.setOf(fragment.selectionSet) : empty();
    tally.directives += fragment?.directives ?? 0;
    this.counted.set(name, tally);
    return tally;
  }
}

const empty = (): Tally => ({
  fields: 0,
  authentications: 0,
  selections: 0,
  aliases: 0,
  directives: 0,
  introspections: 0,
  depth: 0,
});

function addTotals(sum: Tally, below: Tally): void {
  sum.selections += below.selections;
  sum.aliases += below.aliases;
  sum.directives += below.directives;
  sum.introspections += below.introspections;
}

/** A fragment's fields stand at the level where it is spread. */
function addLevel(sum: Tally, spread: Tally): void {
  sum.fields += spread.fields;
  sum.authentications += spread.authentications;
  sum.depth = Math.max(sum.depth, spread.depth);
  addTotals(sum, spread);
}

const directivesOf = (node: { readonly directives?: readonly DirectiveNode[] }): number =>
  node.directives?.length ?? 0;
