import { GraphQLError, Kind, type GraphQLFormattedError } from 'graphql';
import { REQUEST_CODES, RequestFault, type RequestCode } from '../kernel';
import type { Log } from '../platform';

/** A document that is refused before anything runs. Its text is public. */
export class DocumentError extends GraphQLError {
  constructor(
    readonly code: RequestCode,
    message: string,
    at?: GraphQLError,
  ) {
    super(message, { nodes: at?.nodes, source: at?.source, positions: at?.positions });
  }
}

/** An operation that did not start, and all that is wrong with it. */
export class OperationFault extends Error {
  override readonly name = 'OperationFault';
  constructor(readonly errors: readonly GraphQLError[]) {
    super(errors[0]?.message);
  }
}

/** Where a request came from, for the log and the correlation id. */
export interface ErrorScope {
  readonly requestId: string;
  readonly log: Log;
}

/**
 * What a client may see of an error: a code of the closed list and a text without values, stacks, SQL or
 * names of libraries. HTTP, event stream and socket all answer with it; what it hides goes to the log under
 * the same id.
 */
export function publicError(error: unknown, scope: ErrorScope): GraphQLFormattedError {
  const cause = causeOf(error);
  const at = error instanceof GraphQLError ? placeOf(error) : {};
  if (cause instanceof DocumentError)
    return { message: cause.message, ...at, extensions: { code: cause.code } };
  if (cause instanceof RequestFault && cause.code !== 'INTERNAL_SERVER_ERROR') {
    if (cause.detail)
      scope.log.warn({ requestId: scope.requestId, code: cause.code, detail: cause.detail }, 'refused');
    return { message: cause.message, ...at, extensions: { code: cause.code } };
  }
  const message = inputFault(error, cause);
  if (message) return { message, ...at, extensions: { code: 'BAD_USER_INPUT' } };
  scope.log.error({ requestId: scope.requestId, ...detailOf(cause) }, 'unexpected error');
  return {
    message: new RequestFault('INTERNAL_SERVER_ERROR').message,
    ...at,
    extensions: { code: 'INTERNAL_SERVER_ERROR', correlationId: scope.requestId },
  };
}

/** The same for whatever was thrown: an operation may have several faults. */
export const publicErrors = (thrown: unknown, scope: ErrorScope): readonly GraphQLFormattedError[] =>
  (thrown instanceof OperationFault ? thrown.errors : [thrown]).map((error) => publicError(error, scope));

export function codeOf(error: GraphQLFormattedError): RequestCode {
  return REQUEST_CODES.find((code) => code === error.extensions?.['code']) ?? 'INTERNAL_SERVER_ERROR';
}

/**
 * The text of a document fault without the values that graphql-js puts into it: one of them may be a
 * password.
 */
export function withoutValues({ message, nodes }: GraphQLError): string {
  // A syntax error names the token it stumbled over.
  if (message.startsWith('Syntax Error: '))
    return message.replace(/ (Int|Float|String|BlockString) ".*"/s, ' $1');
  const [node] = nodes ?? [];
  // What a scalar itself throws comes without a place.
  const isAboutValue = node ? VALUES.includes(node.kind) : !message.startsWith('Too many validation errors');
  if (!isAboutValue || isMissing(message)) return message;
  const type = /^Expected value of type "([\w[\]!]+)"/.exec(message)?.[1];
  return type ? `Expected a value of type "${type}".` : 'A value does not fit its type.';
}

function causeOf(error: unknown): unknown {
  let cause = error;
  while (cause instanceof GraphQLError && !(cause instanceof DocumentError) && cause.originalError) {
    cause = cause.originalError;
  }
  return cause;
}

const placeOf = ({ locations, path }: GraphQLError): Pick<GraphQLFormattedError, 'locations' | 'path'> => ({
  ...(locations && { locations }),
  ...(path && { path }),
});

/**
 * The public text if graphql-js refused the variables, or nothing. It wraps what a custom scalar throws, so
 * the outer error is looked at too: it points at the definition of the variable.
 */
function inputFault(error: unknown, cause: unknown): string | undefined {
  if (!(error instanceof GraphQLError)) return undefined;
  const [node] = error.nodes ?? [];
  if (node?.kind === Kind.VARIABLE_DEFINITION) return variableFault(error, node.variable.name.value);
  const isOfGraphQL = cause instanceof GraphQLError;
  // Before execution: no path yet. During it: an argument fed by a variable that was null after all.
  if (isOfGraphQL && (!error.path || error.message.startsWith('Argument "'))) {
    return new RequestFault('BAD_USER_INPUT').message;
  }
  return undefined;
}

/** Which variable, where in it and why, but not what it held. */
function variableFault(error: GraphQLError, name: string): string {
  if (isMissing(error.message)) return error.message;
  const place = new RegExp(
    `^Variable "\\$${name}" got invalid value [^]* at "(${name}(?:\\.\\w+|\\[\\d+\\])+)"; `,
  );
  const path = place.exec(error.message)?.[1];
  const reason = safeReason(error.originalError?.message ?? '');
  return [`Variable "$${name}" is not valid${path ? ` at "${path}"` : ''}.`, reason]
    .filter(Boolean)
    .join(' ');
}

const MISSING = [
  /^Variable "\$\w+" of (?:required|non-null) type "[\w[\]!]+" (?:was not provided|must not be null)\.$/,
  /^Field "[\w.]+" of required type "[\w[\]!]+" was not provided\.$/,
];
const isMissing = (message: string): boolean => MISSING.some((pattern) => pattern.test(message));

/** Reasons of graphql-js that name fields and types only. */
const REASONS = [
  ...MISSING,
  /^Field "\w+" is not defined by type "\w+"\./,
  /^Expected (?:non-nullable )?type "[\w[\]!]+"(?: not to be null| to be an object)?\./,
  /^Exactly one key must be specified for OneOf type "\w+"\./,
  /^Field "\w+" must be non-null\.$/,
];
const safeReason = (message: string): string =>
  REASONS.map((pattern) => pattern.exec(message)?.[0]).find(Boolean) ?? '';

const VALUES: readonly string[] = [
  Kind.INT,
  Kind.FLOAT,
  Kind.STRING,
  Kind.BOOLEAN,
  Kind.NULL,
  Kind.ENUM,
  Kind.LIST,
  Kind.OBJECT,
  Kind.OBJECT_FIELD,
];

/** Name, text and stack only: drivers hang statements and parameters on their errors. */
function detailOf(cause: unknown): { error: string; stack?: string } {
  if (cause instanceof RequestFault) return { error: cause.detail ?? cause.message, stack: cause.stack };
  if (cause instanceof Error) return { error: `${cause.name}: ${cause.message}`, stack: cause.stack };
  return { error: `a thrown ${typeof cause}` };
}
