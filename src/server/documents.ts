import { createHash } from 'node:crypto';
import {
  GraphQLError,
  Kind,
  OperationTypeNode,
  getOperationAST,
  parse,
  specifiedRules,
  validate,
  type DocumentNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { DOCUMENT_LIMITS, brokenLimit, type DocumentRules } from './document-limits';
import { DocumentError, OperationFault, withoutValues } from './public-error';

/** Queries and mutations are answered once; subscriptions travel over a socket or an event stream. */
export type Transport = 'single' | 'stream';

/** An operation that may run. */
export interface Operation {
  readonly document: DocumentNode;
  readonly name: string | null;
  /** The names of its root fields, without aliases. */
  readonly rootFields: readonly string[];
}

/**
 * How much document text is remembered: parsed, a character takes up to 160 bytes, so this is 40 MB at most.
 */
const REMEMBERED_CHARACTERS = 250_000;
const ERRORS_MAX = 10;

/**
 * Reads documents: parsed within limits, then validated, then remembered. One store serves HTTP, event
 * streams and sockets, so a document passes the same checks on each, and ten thousand waiting screens share
 * one parsed document.
 */
export class Documents {
  /** By SHA-256 of the text, the oldest use first. */
  private readonly remembered = new Map<
    string,
    { readonly document: DocumentNode; readonly characters: number }
  >();
  private characters = 0;

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly rules: DocumentRules,
  ) {}

  /**
   * The operation that is asked for; throws an OperationFault where the document or the choice in it is
   * refused.
   */
  operation(text: string, name: string | null, transport: Transport): Operation {
    const document = this.read(text);
    const operation = getOperationAST(document, name);
    if (!operation) throw refusal('GRAPHQL_VALIDATION_FAILED', 'Name one operation of the document.');
    const isStream = operation.operation === OperationTypeNode.SUBSCRIPTION;
    if (isStream && transport === 'single') {
      throw refusal('OPERATION_REJECTED', 'Subscriptions travel over a WebSocket or an event stream.');
    }
    if (!isStream && transport === 'stream') {
      throw refusal('OPERATION_REJECTED', 'Only subscriptions are accepted here.');
    }
    return { document, name, rootFields: rootFieldsOf(document, operation) };
  }

  /** A document read before, by the hexadecimal SHA-256 of its text. */
  byDigest(digest: string): DocumentNode | undefined {
    return this.remembered.get(digest)?.document;
  }

  private read(text: string): DocumentNode {
    if (text.length > DOCUMENT_LIMITS.characters) {
      throw refusal(
        'OPERATION_REJECTED',
        `A document may have at most ${String(DOCUMENT_LIMITS.characters)} characters.`,
      );
    }
    const digest = createHash('sha256').update(text).digest('hex');
    const known = this.remembered.get(digest);
    if (known) {
      this.remembered.delete(digest);
      this.remembered.set(digest, known);
      return known.document;
    }
    const document = this.check(parsed(text));
    this.remember(digest, document, text.length);
    return document;
  }

  private check(document: DocumentNode): DocumentNode {
    const broken = brokenLimit(document, this.rules);
    if (broken) throw refusal('OPERATION_REJECTED', broken);
    const options = { maxErrors: ERRORS_MAX, hideSuggestions: true };
    const errors = validate(this.schema, document, specifiedRules, options);
    if (errors.length === 0) return document;
    throw new OperationFault(
      errors.map((error) => new DocumentError('GRAPHQL_VALIDATION_FAILED', withoutValues(error), error)),
    );
  }

  private remember(digest: string, document: DocumentNode, characters: number): void {
    this.remembered.set(digest, { document, characters });
    this.characters += characters;
    for (const [oldest, entry] of this.remembered) {
      if (this.characters <= REMEMBERED_CHARACTERS) return;
      this.remembered.delete(oldest);
      this.characters -= entry.characters;
    }
  }
}

function parsed(text: string): DocumentNode {
  try {
    return parse(text, { maxTokens: DOCUMENT_LIMITS.tokens });
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    if (error.message.includes('tokens. Parsing aborted')) {
      throw refusal(
        'OPERATION_REJECTED',
        `A document may have at most ${String(DOCUMENT_LIMITS.tokens)} tokens.`,
      );
    }
    throw new OperationFault([new DocumentError('GRAPHQL_PARSE_FAILED', withoutValues(error), error)]);
  }
}

const refusal = (code: DocumentError['code'], message: string): OperationFault =>
  new OperationFault([new DocumentError(code, message)]);

function rootFieldsOf(document: DocumentNode, operation: OperationDefinitionNode): readonly string[] {
  const fields = new Set<string>();
  const spread = new Set<string>();
  const visit = ({ selections }: SelectionSetNode): void => {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) fields.add(selection.name.value);
      else if (selection.kind === Kind.INLINE_FRAGMENT) visit(selection.selectionSet);
      else if (!spread.has(selection.name.value)) {
        spread.add(selection.name.value);
        const fragment = document.definitions.find(
          (definition) =>
            definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === selection.name.value,
        );
        if (fragment?.kind === Kind.FRAGMENT_DEFINITION) visit(fragment.selectionSet);
      }
    }
  };
  visit(operation.selectionSet);
  return [...fields];
}
