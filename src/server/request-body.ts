import type { FastifyReply, FastifyRequest } from 'fastify';
import { HttpFault } from './http-fault';

export const BODY_BYTES = 64 * 1024;
const JSON_DEPTH = 32;

/**
 * The one content type a request may have: nothing a browser would send without asking first (CORS
 * preflight).
 */
const JSON_TYPE = /^application\/json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

/** A hook: refuses by its head what is not plain JSON, before any of the body is read. */
export function requireJson(
  { headers }: FastifyRequest,
  _reply: FastifyReply,
  done: (fault?: Error) => void,
): void {
  const encoding = headers['content-encoding']?.toLowerCase() ?? 'identity';
  if (!JSON_TYPE.test(headers['content-type'] ?? '')) {
    done(new HttpFault(415, 'BAD_USER_INPUT', 'Send the request as application/json in UTF-8.'));
  } else if (encoding !== 'identity') {
    done(new HttpFault(415, 'BAD_USER_INPUT', 'Send the request without a content encoding.'));
  } else done();
}

/** The text of a body, which must be UTF-8 and not nested deeper than anything the API needs. */
export function jsonText(body: Buffer): string {
  const text = utf8(body);
  if (isTooDeep(text)) {
    throw new HttpFault(
      400,
      'OPERATION_REJECTED',
      `JSON may nest at most ${String(JSON_DEPTH)} levels deep.`,
    );
  }
  return text;
}

/** Whether JSON nests too deeply, found in one pass over the text, before it is parsed. */
export function isTooDeep(text: string): boolean {
  let depth = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (isInString) {
      if (char === '\\') at += 1;
      else if (char === '"') isInString = false;
    } else if (char === '"') isInString = true;
    else if (char === '{' || char === '[') {
      depth += 1;
      if (depth > JSON_DEPTH) return true;
    } else if (char === '}' || char === ']') depth -= 1;
  }
  return false;
}

/** A GraphQL request as graphql-over-http defines it (§5.1), without extensions: the gateway knows none. */
export interface Parameters {
  readonly query: string;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>> | null;
}

export function parametersOf(body: unknown): Parameters {
  if (Array.isArray(body))
    throw new HttpFault(400, 'OPERATION_REJECTED', 'Batches are off: send one operation.');
  if (!isObject(body))
    throw new HttpFault(400, 'BAD_USER_INPUT', 'Send a JSON object with the field "query".');
  const { query, operationName, variables, extensions } = body;
  if (query === undefined && isObject(extensions) && 'persistedQuery' in extensions) {
    // The text by which client libraries know that they must send the document itself.
    throw new HttpFault(400, 'OPERATION_REJECTED', 'PersistedQueryNotSupported');
  }
  if (typeof query !== 'string') throw malformed('query', 'a string');
  if (!isAbsent(operationName) && typeof operationName !== 'string')
    throw malformed('operationName', 'a string');
  if (!isAbsent(variables) && !isObject(variables)) throw malformed('variables', 'an object');
  if (!isAbsent(extensions) && !isObject(extensions)) throw malformed('extensions', 'an object');
  return { query, operationName: operationName ?? null, variables: variables ?? null };
}

function utf8(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw new HttpFault(400, 'BAD_USER_INPUT', 'The body is not UTF-8.');
  }
}

const isAbsent = (value: unknown): value is null | undefined => value === null || value === undefined;
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const malformed = (field: string, wanted: string): HttpFault =>
  new HttpFault(400, 'BAD_USER_INPUT', `The field "${field}" must be ${wanted}.`);
