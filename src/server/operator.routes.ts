import type { FastifyInstance } from 'fastify';
import { printSchema } from 'graphql';
import type { GatewayApp } from './gateway-app';
import { withinTime } from './time-limit';

const READY_MS = 2_000;

/**
 * What operators and other services ask for: health, metrics, the schema, and the JSON that features publish.
 */
export function operatorRoutes(fastify: FastifyInstance, app: GatewayApp, isStopping: () => boolean): void {
  fastify.get('/healthz', () => ({ status: 'up' }));
  fastify.get('/readyz', async (_request, reply) => {
    const isReady = !isStopping() && (await withinTime(app.isReady(), READY_MS).catch(() => false));
    return reply.code(isReady ? 200 : 503).send({ status: isReady ? 'ready' : 'not ready' });
  });
  fastify.get('/metrics', async (_request, reply) =>
    reply.type(app.metrics.registry.contentType).send(await app.metrics.registry.metrics()),
  );
  if (!app.config.isProduction) {
    const schema = printSchema(app.schema);
    fastify.get('/schema.graphql', (_request, reply) => reply.type('text/plain; charset=utf-8').send(schema));
  }
  for (const route of app.routes) {
    const caching = route.maxAgeSeconds > 0 ? `public, max-age=${String(route.maxAgeSeconds)}` : 'no-store';
    fastify.get(route.path, async (_request, reply) =>
      reply.header('cache-control', caching).send(await route.answer()),
    );
  }
}

/**
 * Asked for by probes, which must not be turned away because somebody else behind the same address is busy.
 */
export const isProbe = (path: string | undefined): boolean =>
  path === '/healthz' || path === '/readyz' || path === '/metrics';
