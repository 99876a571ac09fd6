/**
 * The attack: frames out of order, doubled, malformed or never sent, to reach what is behind the handshake
 * without a proof, to confuse two operations with one another, or to keep sockets open for nothing.
 * The guarantee: every breach of graphql-transport-ws closes the socket with the code that the protocol gives
 * it.
 */
import { SocketPeer } from '../support/socket-peer';
import { startTiny, type Tiny } from '../support/tiny-app';

let gateway: Tiny;
beforeAll(async () => {
  gateway = await startTiny();
});
afterAll(() => gateway.server.close());
afterEach(() => jest.useRealTimers());

const fakeTimers = () =>
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance', 'Date'] });

test('WS-03 4401: an operation before the acknowledgement', async () => {
  const peer = await SocketPeer.open(gateway.port);
  peer.subscribe('1', 'subscription { news }');
  expect(await peer.closed).toBe(4401);
  expect(peer.frames).toEqual([]);
});

test('WS-03 4408: no init within 3 s', async () => {
  fakeTimers();
  const peer = await SocketPeer.open(gateway.port);
  jest.advanceTimersByTime(3_000);
  expect(await peer.closed).toBe(4408);
});

test('WS-03 4429: a second init', async () => {
  const peer = await SocketPeer.ready(gateway.port);
  peer.send({ type: 'connection_init' });
  expect(await peer.closed).toBe(4429);
});

test('WS-03 4409: an id that is in use', async () => {
  const peer = await SocketPeer.ready(gateway.port);
  peer.subscribe('1', 'subscription { news }');
  await peer.next('next');
  peer.subscribe('1', 'subscription { news }');
  expect(await peer.closed).toBe(4409);
});

test('WS-03 an id may be used again once its operation is over', async () => {
  const peer = await SocketPeer.ready(gateway.port);
  for (let round = 0; round < 3; round += 1) {
    peer.subscribe('1', 'subscription { count(to: 1) }');
    await peer.next('complete');
  }
  peer.close();
});

const nested = `{"type":"ping","payload":{"x":${'['.repeat(40)}${']'.repeat(40)}}}`;
test.each([
  ['no JSON', 'hello'],
  ['an empty frame', ''],
  ['a list', '[]'],
  ['no type', '{}'],
  ['an unknown type', '{"type":"shutdown"}'],
  ['a message that only servers send', '{"type":"next","id":"1","payload":{}}'],
  ['an acknowledgement', '{"type":"connection_ack"}'],
  ['no id', '{"type":"subscribe","payload":{"query":"subscription { news }"}}'],
  ['an empty id', '{"type":"subscribe","id":"","payload":{"query":"subscription { news }"}}'],
  ['no query', '{"type":"subscribe","id":"1","payload":{}}'],
  [
    'variables as a list',
    '{"type":"subscribe","id":"1","payload":{"query":"subscription { news }","variables":[]}}',
  ],
  ['JSON of depth 41', nested],
  ['a poisoned prototype', '{"type":"ping","payload":{"__proto__":{"isAdmin":true}}}'],
])('WS-03 4400: %s', async (_what, frame) => {
  const peer = await SocketPeer.ready(gateway.port);
  peer.send(frame);
  expect(await peer.closed).toBe(4400);
});

test('WS-03 4400: a binary frame', async () => {
  const peer = await SocketPeer.ready(gateway.port);
  peer.socket.send(Buffer.from('{"type":"ping"}'), { binary: true });
  expect(await peer.closed).toBe(4400);
});

test.each<[string, unknown]>([
  ['a forged credential', 'Bearer forged'],
  ['an empty one', ''],
  ['one that is no text', { Bearer: 'ada' }],
  ['a list', ['Bearer ada']],
])('WS-03 4403: %s', async (_what, authorization) => {
  const peer = await SocketPeer.open(gateway.port);
  peer.send({ type: 'connection_init', payload: { authorization } });
  expect(await peer.closed).toBe(4403);
  expect(peer.frames).toEqual([]);
});

test('WS-03 1013: a credential that cannot be checked now is neither refused nor believed', async () => {
  const peer = await SocketPeer.open(gateway.port);
  peer.send({ type: 'connection_init', payload: { authorization: 'Bearer outage' } });
  expect(await peer.closed).toBe(1013);
  expect(peer.frames).toEqual([]);
});

test('WS-03 a good credential is who calls, for every operation of the socket', async () => {
  const peer = await SocketPeer.ready(gateway.port, { authorization: 'Device 1' });
  peer.subscribe('1', 'subscription { caller }');
  expect((await peer.next('next')).payload).toEqual({ data: { caller: 'device, no cookies' } });
  peer.close();
});

test('WS-09 a stream that ends sends its events, one complete, and nothing after', async () => {
  const peer = await SocketPeer.ready(gateway.port);
  for (let round = 0; round < 100; round += 1) {
    peer.subscribe(String(round), 'subscription { count(to: 2) }');
    await peer.next('complete');
  }
  peer.send({ type: 'ping' });
  await peer.next('pong');
  expect(peer.frames).toHaveLength(200);
  expect(peer.frames.slice(0, 2)).toEqual([
    { id: '0', type: 'next', payload: { data: { count: '1' } } },
    { id: '0', type: 'next', payload: { data: { count: '2' } } },
  ]);
  peer.close();
});

test('WS-10 a completed or lost operation lets go of its source', async () => {
  const peer = await SocketPeer.ready(gateway.port);
  const other = await SocketPeer.ready(gateway.port);
  for (const socket of [peer, other]) {
    socket.subscribe('1', 'subscription { news }');
    await socket.next('next');
  }
  expect(gateway.listeners.size).toBe(2);
  peer.send({ id: '1', type: 'complete' });
  other.close();
  while (gateway.listeners.size > 0) await new Promise((go) => setImmediate(go));
  peer.close();
});
