import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';
import type { Origins } from './origins';

const YEAR_SECONDS = 31_536_000;
const PREFLIGHT_SECONDS = 600;

/** For our pages: everything from this host, nothing inline, nothing foreign. */
export const PAGE_POLICY = [
  "default-src 'self'",
  "img-src 'self' data:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

/** The editor of GraphiQL writes style elements of its own. */
export const EXPLORER_POLICY = `${PAGE_POLICY}; style-src 'self' 'unsafe-inline'`;

/** Headers of every answer. Pages replace the policy, public documents the cache rule. */
export async function securityHeaders(fastify: FastifyInstance, origins: Origins): Promise<void> {
  await fastify.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    },
    strictTransportSecurity: { maxAge: YEAR_SECONDS, includeSubDomains: true },
    xFrameOptions: { action: 'deny' },
  });
  await fastify.register(cors, {
    origin: (origin, decide) => decide(null, origin !== undefined && origins.allows(origin)),
    credentials: true,
    methods: ['POST'],
    allowedHeaders: ['content-type', 'authorization', 'factorgate-tokens'],
    exposedHeaders: ['retry-after'],
    maxAge: PREFLIGHT_SECONDS,
  });
  fastify.addHook('onRequest', (_request, reply, done) => {
    reply.header('cache-control', 'no-store');
    done();
  });
}
