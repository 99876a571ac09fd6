import type { FastifyReply, FastifyRequest } from 'fastify';
import type { GraphQLFormattedError } from 'graphql';
import { HttpFault } from './http-fault';
import { codeOf, publicErrors, type ErrorScope } from './public-error';

const JSON_TYPE = 'application/json; charset=utf-8';
const GRAPHQL_TYPE = 'application/graphql-response+json; charset=utf-8';
type ResponseType = typeof JSON_TYPE | typeof GRAPHQL_TYPE;

/** How long a client should stay away when nobody knows better: the window of the address limit. */
const RETRY_SECONDS = 60;

/**
 * The media type that the client likes best of the two that exist; plain JSON unless it asks for the other.
 */
export function responseType(accept: string | undefined): ResponseType {
  let best: ResponseType = JSON_TYPE;
  let bestWeight = 0;
  for (const range of (accept ?? '').toLowerCase().split(',')) {
    const [name = '', ...parameters] = range.split(';').map((part) => part.trim());
    const weight = Number(parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? 1);
    if (!(weight > bestWeight)) continue;
    if (name === 'application/graphql-response+json') [best, bestWeight] = [GRAPHQL_TYPE, weight];
    else if (['application/json', 'application/*', '*/*'].includes(name))
      [best, bestWeight] = [JSON_TYPE, weight];
  }
  return best;
}

export interface Result {
  readonly data?: unknown;
  readonly errors?: readonly GraphQLFormattedError[];
}

/** Status and headers of a result (graphql-over-http §6.4); limits and outages show in both media types. */
export function headOf(
  result: Result,
  type: ResponseType,
): { status: number; headers: Record<string, string> } {
  const headers: Record<string, string> = { 'content-type': type };
  const [first] = result.errors ?? [];
  if (!first || (result.data !== undefined && result.data !== null)) return { status: 200, headers };
  const code = codeOf(first);
  if (code === 'RATE_LIMITED')
    return { status: 429, headers: { ...headers, 'retry-after': String(RETRY_SECONDS) } };
  if (code === 'SERVICE_UNAVAILABLE') return { status: 503, headers };
  if (type === JSON_TYPE || result.data === null) return { status: 200, headers };
  return { status: code === 'INTERNAL_SERVER_ERROR' ? 500 : 400, headers };
}

/** Answers a request that never reached a resolver, in the form a GraphQL client reads. */
export function sendFault(
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  scope: ErrorScope,
): FastifyReply {
  const fault = knownFault(thrown);
  const errors = publicErrors(fault, scope);
  const head = headOf({ errors }, responseType(request.headers.accept));
  const { status, headers } = fault instanceof HttpFault ? fault : { status: undefined, headers: {} };
  return reply
    .code(status ?? head.status)
    .headers({ ...head.headers, ...headers })
    .send(JSON.stringify({ errors }));
}

/** What the HTTP layer below us refuses, in our words: its own texts name a library. */
function knownFault(thrown: unknown): unknown {
  const status = (thrown as { statusCode?: unknown } | null)?.statusCode;
  if (status === 413) return new HttpFault(413, 'OPERATION_REJECTED', 'The body is too large.');
  if (status === 415)
    return new HttpFault(415, 'BAD_USER_INPUT', 'Send the request as application/json in UTF-8.');
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return new HttpFault(status, 'BAD_USER_INPUT', 'This request cannot be read.');
  }
  return thrown;
}
