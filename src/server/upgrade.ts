import { ServerResponse, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';

/**
 * Sends upgrade requests through the same routes and hooks as every other request, so that a handshake is
 * counted, checked and logged like them. A route either takes the connection over or answers, which ends it.
 */
export class Upgrades {
  /** The first bytes behind the request, which already belong to the new protocol. */
  private readonly heads = new WeakMap<IncomingMessage, Buffer>();

  constructor(fastify: FastifyInstance) {
    fastify.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.heads.set(request, head);
      socket.on('error', () => socket.destroy());
      const response = new ServerResponse(request);
      response.shouldKeepAlive = false;
      response.assignSocket(socket as Socket);
      response.once('finish', () => socket.end(() => socket.destroy()));
      // Node reads no body behind an upgrade: a route that waits for one would wait for ever.
      if (request.method === 'GET') fastify.routing(request, response);
      else response.writeHead(400).end();
    });
  }

  headOf(request: IncomingMessage): Buffer | undefined {
    return this.heads.get(request);
  }
}
