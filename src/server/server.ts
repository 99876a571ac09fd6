import type { AddressInfo } from 'node:net';
import cookie from '@fastify/cookie';
import Fastify, { type FastifyInstance } from 'fastify';
import { addressKey, httpSettings, systemChance } from '../platform';
import { AddressLimit } from './address-limit';
import { startApollo } from './apollo';
import { Documents } from './documents';
import type { GatewayApp } from './gateway-app';
import { formRoutes } from './form.routes';
import { GracefulStop } from './graceful-stop';
import { graphqlRoutes, readJsonOnly } from './graphql.routes';
import { sendFault } from './http-answer';
import { LiveConnections } from './live-connections';
import { isProbe, operatorRoutes } from './operator.routes';
import { Origins } from './origins';
import { pageRoutes } from './pages.routes';
import { BODY_BYTES } from './request-body';
import { FactsReader } from './request-facts';
import { requestLog } from './request-log';
import { securityHeaders } from './security-headers';
import { streamRoutes } from './stream.routes';
import { Upgrades } from './upgrade';
import { SocketGate } from './websocket';

/** A client that has not sent its 64 KiB by then is not one of ours. */
const RECEIVE_MS = 20_000;
/** The WebSocket close code after which clients come back by themselves. */
const SERVICE_RESTART = 1012;

export interface GatewayServer {
  listen(): Promise<{ url: string; port: number }>;
  /**
   * Not ready at once, long-lived connections sent away, running requests finished within 30 s, then the app
   * closed.
   */
  close(): Promise<void>;
}

/** Builds the server around an app; nothing is reachable before `listen`. */
export async function createServer(app: GatewayApp): Promise<GatewayServer> {
  const settings = app.config.of(httpSettings);
  const origins = new Origins(app.config);
  const limit = new AddressLimit(settings.addressRequestsPerMinute);
  const live = new LiveConnections(settings.socketsPerAddress, (caller) => app.isStanding(caller), app.log);
  const documents = new Documents(app.schema, {
    isIntrospectionOn: !app.config.isProduction,
    authenticationMutations: app.authenticationMutations,
  });
  const apollo = await startApollo(app, documents);
  const sockets = new SocketGate({ app, documents, origins, limit, live });
  const facts = new FactsReader(app.config, origins);
  const fastify = createFastify(app, settings.trustProxy);
  const upgrades = new Upgrades(fastify);
  const graceful = new GracefulStop(fastify);

  requestLog(fastify, app);
  await securityHeaders(fastify, origins);
  await fastify.register(cookie);
  fastify.addHook('onRequest', async (request) => {
    if (!isProbe(request.routeOptions.url)) await limit.take(addressKey(request.ip));
  });
  graphqlRoutes(fastify, { app, apollo, documents, facts, sockets, upgrades });
  streamRoutes(fastify, { app, documents, origins, facts, live });
  formRoutes(fastify, app);
  operatorRoutes(fastify, app, () => graceful.isStopping);
  if (!app.config.isProduction) await fastify.register(async (scope) => pageRoutes(scope));
  app.metrics.collectProcess();

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await graceful.stop(() => {
      live.endAll(SERVICE_RESTART, 'Connect again');
      return sockets.close();
    });
    await apollo.stop();
    await app.close();
  };
  return {
    async listen() {
      await fastify.listen({ port: settings.port, host: settings.host });
      const { port } = fastify.server.address() as AddressInfo;
      origins.listensOn(port);
      return { url: `http://${hostOf(settings.host)}:${String(port)}`, port };
    },
    close: () => (closing ??= close()),
  };
}

function createFastify(app: GatewayApp, trustProxy: readonly string[]): FastifyInstance {
  const fastify = Fastify({
    logger: false,
    bodyLimit: BODY_BYTES,
    requestTimeout: RECEIVE_MS,
    // What has reached us before the stop is still answered.
    return503OnClosing: false,
    // Without a list of proxies nobody but the socket itself names the client's address.
    trustProxy: trustProxy.length > 0 ? [...trustProxy] : false,
    genReqId: () => systemChance.bytes(12).toString('base64url'),
    frameworkErrors: (_error, _request, reply) => void reply.raw.writeHead(400).end('Bad request\n'),
  });
  readJsonOnly(fastify);
  fastify.setErrorHandler((error, request, reply) =>
    sendFault(error, request, reply, { requestId: request.id, log: app.log }),
  );
  fastify.setNotFoundHandler((_request, reply) => reply.code(404).type('text/plain').send('Not found\n'));
  return fastify;
}

/** An address one can open: all interfaces are reached as localhost. */
const hostOf = (host: string): string => {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
};
