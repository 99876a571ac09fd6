import type { FastifyReply, FastifyRequest } from 'fastify';
import { type GraphQLError, type ExecutionArgs } from 'graphql';
import {
  GRAPHQL_TRANSPORT_WS_PROTOCOL,
  makeServer,
  type Context,
  type Server,
  type SubscribePayload,
} from 'graphql-ws';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import { RequestFault } from '../kernel';
import type { Caller, RequestContext } from '../platform';
import type { AddressLimit } from './address-limit';
import type { Documents } from './documents';
import type { GatewayApp, RequestFacts } from './gateway-app';
import type { LiveConnection, LiveConnections } from './live-connections';
import type { Origins } from './origins';
import { OperationFault, publicError } from './public-error';
import { isTooDeep } from './request-body';
import { heartbeat, sendText } from './socket-health';
import { checkHandshake } from './socket-handshake';
import { asGraphQLError, eventsOf } from './subscription';
import { withinTime } from './time-limit';

const INIT_MS = 3_000;
const FRAME_BYTES = 64 * 1024;
const OPERATIONS_MAX = 5;
const FAREWELL_MS = 5_000;

/** Beside the codes of graphql-transport-ws; RFC 6455 §7.4.1 and its registry. */
const CLOSE = { internal: 1011, tryAgain: 1013, badRequest: 4400, tooMany: 4429 } as const;

/**
 * What this file keeps of a socket. The upgrade request is let go: ten thousand of them would cost 100 MB.
 */
interface Peer {
  readonly socket: WebSocket;
  readonly connection: LiveConnection;
  readonly facts: RequestFacts;
  context: RequestContext | undefined;
  isSignedIn: boolean;
}
type SocketContext = Context<Record<string, unknown> | undefined, Peer>;

interface Parts {
  readonly app: GatewayApp;
  readonly documents: Documents;
  readonly origins: Origins;
  readonly limit: AddressLimit;
  readonly live: LiveConnections;
}

/** Subscriptions by `graphql-transport-ws`, under the limits, checks and error texts that hold for HTTP. */
export class SocketGate {
  private readonly sockets = new WebSocketServer({
    noServer: true,
    clientTracking: true,
    perMessageDeflate: false,
    maxPayload: FRAME_BYTES,
    handleProtocols: () => GRAPHQL_TRANSPORT_WS_PROTOCOL,
  });
  private readonly protocol: Server<Peer>;

  constructor(private readonly parts: Parts) {
    this.protocol = makeServer<Record<string, unknown> | undefined, Peer>({
      schema: parts.app.schema,
      connectionInitWaitTimeout: INIT_MS,
      jsonMessageReviver: refuseProto,
      onConnect: (context) => this.connect(context),
      onSubscribe: (context, _id, payload) => this.begin(context, payload),
      subscribe: (args) => eventsOf(args).catch(failing),
      onNext: ({ extra }, _id, _payload, _args, { errors, ...result }) =>
        errors && { ...result, errors: errors.map((error) => publicError(error, this.scope(extra))) },
      onError: ({ extra }, _id, _payload, errors) =>
        errors.flatMap(facedErrors).map((error) => publicError(error, this.scope(extra))),
    });
  }

  /** Takes over the connection of an upgrade request, or throws the HttpFault that refuses it. */
  accept(
    request: FastifyRequest,
    reply: FastifyReply,
    facts: RequestFacts,
    addressKey: string,
    head: Buffer,
  ): void {
    checkHandshake(request, addressKey, this.parts);
    const { raw } = request;
    reply.hijack();
    reply.raw.detachSocket(raw.socket);
    this.sockets.handleUpgrade(raw, raw.socket, head, (socket) => {
      this.open(socket, facts, addressKey);
    });
  }

  /** Gives the peers a moment to answer the farewell, then hangs up. */
  async close(): Promise<void> {
    const impatience = setTimeout(() => {
      for (const socket of this.sockets.clients) socket.terminate();
    }, FAREWELL_MS);
    await Promise.all(
      [...this.sockets.clients].map((socket) => new Promise((gone) => socket.once('close', gone))),
    );
    clearTimeout(impatience);
  }

  private open(socket: WebSocket, facts: RequestFacts, addressKey: string): void {
    const connection: LiveConnection = { addressKey, end: (code, reason) => socket.close(code, reason) };
    const peer: Peer = { socket, connection, facts, context: undefined, isSignedIn: false };
    this.parts.live.add(connection);
    const heart = heartbeat(socket, () => peer.isSignedIn);
    const closed = this.protocol.opened(
      {
        protocol: socket.protocol,
        send: (text) => sendText(socket, text),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (handle) =>
          void socket.on('message', (data, isBinary) => this.receive(peer, data, isBinary, handle)),
      },
      peer,
    );
    socket.on('error', () => socket.terminate());
    socket.once('close', (code, reason) => {
      clearInterval(heart);
      this.parts.live.remove(connection);
      closed(code, reason.toString()).catch((error: unknown) => this.report(peer, error));
    });
  }

  private receive(
    peer: Peer,
    data: RawData,
    isBinary: boolean,
    handle: (text: string) => Promise<void>,
  ): void {
    const text = (data as Buffer).toString();
    if (isBinary || isTooDeep(text))
      return void peer.socket.close(CLOSE.badRequest, 'Invalid message received');
    handle(text).catch((error: unknown) => {
      // How the library takes a message that only a server may send.
      if (error instanceof Error && error.message.startsWith('Unexpected message of type')) {
        return void peer.socket.close(CLOSE.badRequest, 'Invalid message received');
      }
      this.report(peer, error);
      peer.socket.close(CLOSE.internal, 'Internal error');
    });
  }

  /** Proves who calls before anything is served; a credential that does not hold is refused, not ignored. */
  private async connect({ connectionParams, extra: peer }: SocketContext): Promise<boolean> {
    const given = connectionParams?.['authorization'] ?? undefined;
    if (given !== undefined && typeof given !== 'string') return false;
    peer.context = this.parts.app.context({ ...peer.facts, authorization: given });
    if (given === undefined) return true;
    try {
      const caller: Caller = await withinTime(peer.context.caller());
      peer.isSignedIn = caller.kind !== 'anonymous';
      if (this.parts.live.identify(peer.connection, caller)) return true;
      peer.socket.close(CLOSE.tooMany, 'Too many sockets');
    } catch (error) {
      if (error instanceof RequestFault && error.code === 'UNAUTHENTICATED') return false;
      publicError(error, this.scope(peer));
      peer.socket.close(CLOSE.tryAgain, 'Try again later');
    }
    return false;
  }

  private async begin(
    { extra: peer, subscriptions }: SocketContext,
    payload: SubscribePayload,
  ): Promise<ExecutionArgs | readonly GraphQLError[]> {
    const { app, documents, limit } = this.parts;
    try {
      await limit.take(peer.connection.addressKey);
      if (Object.keys(subscriptions).length > OPERATIONS_MAX) {
        throw new RequestFault(
          'OPERATION_REJECTED',
          `A socket may hold ${String(OPERATIONS_MAX)} operations.`,
        );
      }
      const { document, name, rootFields } = documents.operation(
        payload.query,
        payload.operationName ?? null,
        'stream',
      );
      const { requestId } = peer.facts;
      app.log.info({ requestId, method: 'WS', path: '/graphql', fields: rootFields }, 'subscription');
      return {
        schema: app.schema,
        document,
        operationName: name,
        variableValues: payload.variables,
        contextValue: peer.context,
      };
    } catch (error) {
      return error instanceof OperationFault ? error.errors : [asGraphQLError(error)];
    }
  }

  private scope(peer: Peer) {
    return { requestId: peer.facts.requestId, log: this.parts.app.log };
  }

  private report(peer: Peer, error: unknown): void {
    publicError(error, this.scope(peer));
  }
}

function refuseProto(this: unknown, key: string, value: unknown): unknown {
  if (key === '__proto__') throw new SyntaxError('a forbidden key');
  return value;
}

/** A stream that ends in the error: the protocol then sends one `error` message, and no event before it. */
const failing = (error: unknown): AsyncIterable<never> => ({
  [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(asError(error)) }),
});

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

const facedErrors = (error: GraphQLError): readonly GraphQLError[] =>
  error.originalError instanceof OperationFault ? error.originalError.errors : [error];
