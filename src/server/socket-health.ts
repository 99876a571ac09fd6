import type { WebSocket } from 'ws';

const PING_MS = 12_000;
/** A socket of nobody serves one flow, which lives 10 minutes: 55 pings are 11. */
const ANONYMOUS_PINGS = 55;
const UNSENT_BYTES = 1024 * 1024;
const GOING_AWAY = 1001;

/**
 * Pings the peer, hangs up on one that no longer answers, and ends a socket of nobody when its flow must be
 * over.
 */
export function heartbeat(socket: WebSocket, isSignedIn: () => boolean): NodeJS.Timeout {
  let pings = 0;
  let isAnswered = true;
  socket.on('pong', () => (isAnswered = true));
  return setInterval(() => {
    if (!isAnswered) return void socket.terminate();
    pings += 1;
    if (pings >= ANONYMOUS_PINGS && !isSignedIn()) return void socket.close(GOING_AWAY, 'Connect again');
    isAnswered = false;
    socket.ping();
  }, PING_MS);
}

/**
 * Settles when the text has left this process, so a slow reader slows its own stream and no memory grows. A
 * peer for whom more than 1 MiB waits is hung up on.
 */
export function sendText(socket: WebSocket, text: string): Promise<void> {
  if (socket.readyState !== socket.OPEN) return Promise.resolve();
  if (socket.bufferedAmount > UNSENT_BYTES) {
    socket.terminate();
    return Promise.resolve();
  }
  return new Promise((resolve) => {
    socket.send(text, () => resolve());
  });
}
