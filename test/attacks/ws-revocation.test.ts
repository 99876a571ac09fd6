/**
 * The attack: keeping a socket open with a credential that was revoked since, and going on to hear what
 * happens.
 * The guarantee: every 4 s the gateway asks whether the session or device still stands; a socket or event
 * stream whose caller does not is closed at once and hears nothing more, while others, and those it cannot
 * ask about, go on.
 */
import { SocketPeer } from '../support/socket-peer';
import { startTiny, type Tiny } from '../support/tiny-app';

let gateway: Tiny;
beforeEach(async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance', 'Date'] });
  gateway = await startTiny();
});
afterEach(async () => {
  jest.useRealTimers();
  await gateway.server.close();
});

async function listening(authorization: string): Promise<SocketPeer> {
  const peer = await SocketPeer.ready(gateway.port, { authorization });
  peer.subscribe('1', 'subscription { news }');
  await peer.next('next');
  return peer;
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((go) => setImmediate(go));
}

test('WS-06 4403 within 4 s for all sockets of a revoked session, and nothing is delivered any more', async () => {
  const revoked = [await listening('Bearer ada-1'), await listening('Bearer ada-1')];
  const others = [await listening('Bearer ada-2'), await listening('Device 1')];
  gateway.isStanding = (caller) => Promise.resolve(caller.kind !== 'user' || caller.sessionId !== 'ada-1');
  jest.advanceTimersByTime(4_000);
  expect(await Promise.all(revoked.map(({ closed }) => closed))).toEqual([4403, 4403]);
  gateway.publish('after');
  for (const peer of others) {
    expect((await peer.next('next')).payload).toEqual({ data: { news: 'after' } });
    peer.close();
  }
  expect(revoked.flatMap(({ frames }) => frames)).toEqual([]);
});

test('WS-06 a revoked device closes too', async () => {
  const peer = await listening('Device 1');
  gateway.isStanding = () => Promise.resolve(false);
  jest.advanceTimersByTime(4_000);
  expect(await peer.closed).toBe(4403);
});

test('WS-06 an event stream of a revoked session is cut', async () => {
  const answer = await fetch(`${gateway.url}/graphql/stream`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization: 'Bearer ada' },
    body: JSON.stringify({ query: 'subscription { news }' }),
  });
  while (gateway.listeners.size === 0) await settle();
  gateway.isStanding = () => Promise.resolve(false);
  jest.advanceTimersByTime(4_000);
  const text = await answer.text();
  expect(text).toContain('"news":"now"');
  expect(text).not.toContain('event: complete');
  expect(gateway.listeners.size).toBe(0);
});

test('WS-06 while the database cannot be asked, nobody is thrown out, and the question is asked again', async () => {
  const peer = await listening('Bearer ada');
  gateway.isStanding = () => Promise.reject(new Error('pg is away'));
  jest.advanceTimersByTime(4_000);
  await settle();
  expect(peer.socket.readyState).toBe(peer.socket.OPEN);
  gateway.isStanding = () => Promise.resolve(false);
  jest.advanceTimersByTime(4_000);
  expect(await peer.closed).toBe(4403);
});

test('WS-06 each session is asked about once, however many sockets it has, and nobody about the anonymous', async () => {
  const peers = [
    await listening('Bearer ada'),
    await listening('Bearer ada'),
    await listening('Bearer grace'),
  ];
  peers.push(await SocketPeer.ready(gateway.port));
  const asked: string[] = [];
  gateway.isStanding = (caller) => {
    asked.push(caller.kind === 'user' ? caller.sessionId : caller.kind);
    return Promise.resolve(true);
  };
  jest.advanceTimersByTime(4_000);
  await settle();
  expect(asked.sort()).toEqual(['ada-1', 'grace-1']);
  for (const peer of peers) peer.close();
});
