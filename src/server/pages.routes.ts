import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { EXPLORER_POLICY, PAGE_POLICY } from './security-headers';

/** Where `npm run prepare` puts the pages; the same from `src/server` and from `dist/server`. */
const PAGES_FOLDER = resolve(__dirname, '../../dist/web');
const PAGES = {
  '/': 'index.html',
  '/graphiql': 'graphiql/index.html',
  '/dev/inbox': 'dev-inbox.html',
} as const;

/** The pages for trying the gateway out. They are not served in production. */
export function pageRoutes(fastify: FastifyInstance, folder: string = PAGES_FOLDER): void {
  if (!existsSync(resolve(folder, 'assets'))) {
    for (const path of Object.keys(PAGES)) {
      fastify.get(path, (_request, reply) =>
        reply.code(404).send('The pages are not built. Run: npm run prepare\n'),
      );
    }
    return;
  }
  // Scripts and workers too: a worker obeys the policy that its own file came with.
  fastify.addHook('onRequest', (request, reply, done) => {
    const isExplorer = request.routeOptions.url === '/graphiql';
    reply.header('content-security-policy', isExplorer ? EXPLORER_POLICY : PAGE_POLICY);
    done();
  });
  // Every file there has the hash of its content in its name.
  void fastify.register(fastifyStatic, {
    root: resolve(folder, 'assets'),
    prefix: '/assets/',
    index: false,
    dotfiles: 'deny',
    maxAge: '365d',
    immutable: true,
  });
  for (const [path, file] of Object.entries(PAGES)) {
    fastify.get(path, (_request, reply) => reply.sendFile(file, folder, { cacheControl: false }));
  }
}
