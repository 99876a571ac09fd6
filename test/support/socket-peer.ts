/** A WebSocket client that speaks frame by frame, so that a test can also say what no library would. */
import { WebSocket, type ClientOptions } from 'ws';

export interface Frame {
  readonly type: string;
  readonly id?: string;
  readonly payload?: unknown;
}

export class SocketPeer {
  readonly frames: Frame[] = [];
  /** The close code, once the socket is closed. */
  readonly closed: Promise<number>;
  private wake: (() => void) | undefined;

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data) => {
      this.frames.push(JSON.parse((data as Buffer).toString()) as Frame);
      this.wake?.();
    });
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => socket.once('close', resolve));
    void this.closed.then(() => this.wake?.());
  }

  /** Opens a socket to `/graphql` of the server, or fails with the status that refused it. */
  static async open(
    port: number,
    options: ClientOptions = {},
    protocols: string[] = ['graphql-transport-ws'],
    path = '/graphql',
  ) {
    const socket = new WebSocket(`ws://127.0.0.1:${String(port)}${path}`, protocols, options);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
      socket.once('unexpected-response', (_request, response) => {
        reject(new Error(`refused with ${String(response.statusCode)}`));
        socket.terminate();
      });
    });
    return new SocketPeer(socket);
  }

  /** An opened socket, acknowledged. */
  static async ready(port: number, payload?: object, options?: ClientOptions): Promise<SocketPeer> {
    const peer = await SocketPeer.open(port, options);
    peer.send({ type: 'connection_init', payload });
    await peer.next('connection_ack');
    return peer;
  }

  send(frame: object | string): void {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  subscribe(id: string, query: string, variables?: object): void {
    this.send({ id, type: 'subscribe', payload: { query, variables } });
  }

  /** Takes the oldest frame of the type; fails if the socket closes before one comes. */
  async next(type: string): Promise<Frame> {
    for (;;) {
      const at = this.frames.findIndex((frame) => frame.type === type);
      const [frame] = at < 0 ? [] : this.frames.splice(at, 1);
      if (frame) return frame;
      if (this.socket.readyState === WebSocket.CLOSED)
        throw new Error(`the socket closed before "${type}" came`);
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  close(): void {
    this.socket.terminate();
  }
}

/** The code of the first error in an `error` frame. */
export function errorCode(frame: Frame): unknown {
  const [error] = frame.payload as readonly { extensions?: { code?: unknown } }[];
  return error?.extensions?.code;
}
