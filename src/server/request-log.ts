import type { FastifyInstance } from 'fastify';
import type { GatewayApp } from './gateway-app';
import { isProbe } from './operator.routes';

declare module 'fastify' {
  interface FastifyRequest {
    /** The GraphQL root fields that were asked for; null where the request was no operation. */
    rootFields: readonly string[] | null;
  }
}

const PATH_MAX = 200;

/**
 * One line per request: who asked for what and how long it took. Never a query string, header, variable or
 * body.
 */
export function requestLog(fastify: FastifyInstance, { log, metrics }: GatewayApp): void {
  fastify.decorateRequest('rootFields', null);
  fastify.addHook('onResponse', (request, reply, done) => {
    const { id, method, rootFields } = request;
    const [path = ''] = request.url.split('?');
    const line = {
      requestId: id,
      method,
      path: path.slice(0, PATH_MAX),
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
      ...(rootFields && { fields: rootFields }),
    };
    log[isProbe(path) ? 'debug' : 'info'](line, 'request');
    for (const field of rootFields ?? [])
      metrics.operationSeconds.observe({ field }, reply.elapsedTime / 1000);
    done();
  });
}
