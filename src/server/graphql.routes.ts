import { fastifyApolloHandler } from '@as-integrations/fastify';
import type { ApolloServer } from '@apollo/server';
import type { FastifyInstance } from 'fastify';
import { RequestFault } from '../kernel';
import { addressKey, type RequestContext } from '../platform';
import type { Documents } from './documents';
import type { GatewayApp } from './gateway-app';
import { HttpFault } from './http-fault';
import { jsonText, parametersOf, requireJson } from './request-body';
import type { FactsReader } from './request-facts';
import { withinTime } from './time-limit';
import type { Upgrades } from './upgrade';
import type { SocketGate } from './websocket';

/**
 * How many operations this process runs at once; more are told to come back, so that memory stays bounded.
 */
const OPERATIONS_MAX = 1_000;

interface Parts {
  readonly app: GatewayApp;
  readonly apollo: ApolloServer<RequestContext>;
  readonly documents: Documents;
  readonly facts: FactsReader;
  readonly sockets: SocketGate;
  readonly upgrades: Upgrades;
}

/** `/graphql`: queries and mutations by POST, and the handshake of a WebSocket. */
export function graphqlRoutes(fastify: FastifyInstance, parts: Parts): void {
  const { app, apollo, documents, facts, sockets, upgrades } = parts;
  const execute = fastifyApolloHandler(apollo, {
    context: (request, reply) => Promise.resolve(app.context(facts.of(request, reply))),
  });
  let running = 0;
  fastify.post<{ Reply: string }>('/graphql', { onRequest: requireJson }, async (request, reply) => {
    const parameters = parametersOf(request.body);
    const { rootFields } = documents.operation(parameters.query, parameters.operationName, 'single');
    if (running >= OPERATIONS_MAX)
      throw new RequestFault('SERVICE_UNAVAILABLE', undefined, 'too many operations at once');
    request.rootFields = rootFields;
    request.body = parameters;
    running += 1;
    const answer = Promise.resolve(execute.call(fastify, request, reply)).finally(() => (running -= 1));
    return withinTime(answer);
  });
  fastify.get('/graphql', { exposeHeadRoute: false }, (request, reply) => {
    const head = upgrades.headOf(request.raw);
    if (!head) throw methodNotAllowed();
    sockets.accept(request, reply, facts.ofSocket(request), addressKey(request.ip), head);
  });
  refuseOtherMethods(fastify, '/graphql', ['HEAD', 'PUT', 'PATCH', 'DELETE']);
}

/** Every request body is plain JSON of bounded depth; no other parser exists. */
export function readJsonOnly(fastify: FastifyInstance): void {
  const parseJson = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    try {
      void parseJson(request, jsonText(body), done);
    } catch (error) {
      done(error as Error);
    }
  });
}

export function refuseOtherMethods(fastify: FastifyInstance, url: string, method: string[]): void {
  const handler = (): never => {
    throw methodNotAllowed();
  };
  // Before any body is read.
  fastify.route({ method, url, handler, onRequest: (_request, _reply, done) => done(methodNotAllowed()) });
}

const methodNotAllowed = (): HttpFault =>
  new HttpFault(405, 'BAD_USER_INPUT', 'Send operations by POST.', { allow: 'POST' });
