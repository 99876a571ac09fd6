/**
 * The built pages, served by the gateway's own page routes with its own content security policy. `/graphql`
 * answers from the printed schema without data, which is enough for introspection, and keeps what it got.
 */
import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import Fastify from 'fastify';
import { graphql } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { pageRoutes } from '../../src/server/pages.routes';
import { printedSchema } from './printed-schema';

export interface Site {
  readonly origin: string;
  /** What `/dev/inbox.json` answers: messages, or a status without any. */
  inbox: readonly object[] | number;
  inboxRequests: number;
  /** The `authorization` of every POST to `/graphql`, and the connection parameters of every socket. */
  readonly authorizations: (string | undefined)[];
  readonly connections: unknown[];
  close(): Promise<void>;
}

export async function serveSite(): Promise<Site> {
  if (!existsSync(join(__dirname, '../../dist/web/index.html'))) {
    throw new Error('the pages are not built: node scripts/build-web.mjs');
  }
  const schema = printedSchema();
  const fastify = Fastify({ forceCloseConnections: true });
  const sockets = new WebSocketServer({ server: fastify.server, path: '/graphql' });
  const site = {
    origin: '',
    inbox: [] as Site['inbox'],
    inboxRequests: 0,
    authorizations: [] as (string | undefined)[],
    connections: [] as unknown[],
    async close() {
      for (const socket of sockets.clients) socket.terminate();
      await fastify.close();
    },
  };

  pageRoutes(fastify);
  fastify.get('/dev/inbox.json', (_request, reply) => {
    site.inboxRequests += 1;
    return typeof site.inbox === 'number' ? reply.code(site.inbox).send() : reply.send(site.inbox);
  });
  fastify.post<{ Body: { query: string } }>('/graphql', (request) => {
    site.authorizations.push(request.headers.authorization);
    return graphql({ schema, source: request.body.query });
  });
  useServer(
    {
      schema,
      onConnect: ({ connectionParams }) => void site.connections.push(connectionParams),
      subscribe: () => flowStates(),
    },
    sockets,
  );

  await fastify.listen({ port: 0, host: '127.0.0.1' });
  site.origin = `http://127.0.0.1:${(fastify.server.address() as AddressInfo).port}`;
  return site;
}

async function* flowStates() {
  yield { data: { authFlow: { status: 'CHALLENGE_PENDING' } } };
  yield { data: { authFlow: { status: 'VERIFIED' } } };
}
