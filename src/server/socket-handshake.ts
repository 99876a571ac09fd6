import type { FastifyRequest } from 'fastify';
import { GRAPHQL_TRANSPORT_WS_PROTOCOL } from 'graphql-ws';
import { HttpFault } from './http-fault';
import type { LiveConnections } from './live-connections';
import type { Origins } from './origins';

interface Parts {
  readonly origins: Origins;
  readonly live: LiveConnections;
}

/**
 * Throws the HttpFault that refuses a handshake. A browser lets every page open a socket, so the origin is
 * our check.
 */
export function checkHandshake(
  { headers, raw }: FastifyRequest,
  addressKey: string,
  { origins, live }: Parts,
): void {
  if (headers.upgrade?.toLowerCase() !== 'websocket')
    throw new HttpFault(400, 'BAD_USER_INPUT', 'Not a WebSocket.');
  if (raw.url?.includes('?')) {
    throw new HttpFault(
      400,
      'BAD_USER_INPUT',
      'Credentials go into the connection parameters, not into the address.',
    );
  }
  if (headers.origin !== undefined && !origins.allows(headers.origin)) {
    throw new HttpFault(403, 'FORBIDDEN', 'This origin is not allowed.');
  }
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  if (!offered.includes(GRAPHQL_TRANSPORT_WS_PROTOCOL)) {
    throw new HttpFault(400, 'BAD_USER_INPUT', `Use the sub-protocol ${GRAPHQL_TRANSPORT_WS_PROTOCOL}.`);
  }
  if (!live.hasRoomFor(addressKey)) throw new HttpFault(429, 'RATE_LIMITED');
}
