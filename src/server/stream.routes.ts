import type { FastifyInstance, FastifyRequest } from 'fastify';
import { RequestFault } from '../kernel';
import { addressKey, type RequestContext } from '../platform';
import type { Documents } from './documents';
import { EventStream, oneResult, publicResults, type PublicResults } from './event-stream';
import type { GatewayApp } from './gateway-app';
import { refuseOtherMethods } from './graphql.routes';
import { HttpFault } from './http-fault';
import type { LiveConnection, LiveConnections } from './live-connections';
import type { Origins } from './origins';
import { publicErrors } from './public-error';
import { parametersOf, requireJson } from './request-body';
import type { FactsReader } from './request-facts';
import { eventsOf } from './subscription';
import { withinTime } from './time-limit';

interface Parts {
  readonly app: GatewayApp;
  readonly documents: Documents;
  readonly origins: Origins;
  readonly facts: FactsReader;
  readonly live: LiveConnections;
}

/** `/graphql/stream`: subscriptions as server-sent events, for networks that let no WebSocket through. */
export function streamRoutes(fastify: FastifyInstance, parts: Parts): void {
  const { app, facts, live } = parts;
  fastify.post('/graphql/stream', { onRequest: requireJson }, async (request, reply) => {
    const key = addressKey(request.ip);
    checkRequest(request, key, parts);
    // The connection may be told to end before its stream has begun.
    const opened: { stream?: EventStream; isEnded: boolean } = { isEnded: false };
    const end = (): void => {
      opened.isEnded = true;
      opened.stream?.cut();
    };
    const connection: LiveConnection = { addressKey: key, end };
    live.add(connection);
    const context = app.context(facts.of(request, reply));
    const { results, isAnonymous } = await begin(request, context, connection, parts);
    const stream = (opened.stream = new EventStream(results, isAnonymous));
    stream.once('close', () => live.remove(connection));
    if (opened.isEnded) stream.cut();
    return reply.type('text/event-stream; charset=utf-8').header('x-accel-buffering', 'no').send(stream);
  });
  refuseOtherMethods(fastify, '/graphql/stream', ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE']);
}

function checkRequest({ headers }: FastifyRequest, key: string, { origins, live }: Parts): void {
  if (headers.origin !== undefined && !origins.allows(headers.origin)) {
    throw new HttpFault(403, 'FORBIDDEN', 'This origin is not allowed.');
  }
  if (!headers.accept?.includes('text/event-stream')) {
    throw new HttpFault(406, 'BAD_USER_INPUT', 'This address answers with text/event-stream.');
  }
  if (!live.hasRoomFor(key)) throw new HttpFault(429, 'RATE_LIMITED');
}

/**
 * Starts the subscription. A refusal is sent as the stream's only result, where a client of events can read
 * it.
 */
async function begin(
  request: FastifyRequest,
  context: RequestContext,
  connection: LiveConnection,
  { app, documents, live }: Parts,
): Promise<{ results: PublicResults; isAnonymous: boolean }> {
  const scope = { requestId: request.id, log: app.log };
  let isAnonymous = true;
  try {
    const { query, operationName, variables } = parametersOf(request.body);
    const { document, rootFields } = documents.operation(query, operationName, 'stream');
    request.rootFields = rootFields;
    if (request.headers.authorization !== undefined) {
      const caller = await withinTime(context.caller());
      isAnonymous = caller.kind === 'anonymous';
      if (!live.identify(connection, caller))
        throw new RequestFault('RATE_LIMITED', 'Too many open connections.');
    }
    const { schema } = app;
    const events = await eventsOf({
      schema,
      document,
      operationName,
      variableValues: variables,
      contextValue: context,
    });
    return { results: publicResults(events, scope), isAnonymous };
  } catch (error) {
    return { results: oneResult({ errors: publicErrors(error, scope) }), isAnonymous };
  }
}
