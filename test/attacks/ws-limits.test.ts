/**
 * The attack: many sockets, many operations on one, huge frames, or a reader that never reads, so that the
 * memory of the process fills while each socket alone looks harmless.
 * The guarantee: sockets are bounded by address, caller, frame, operations, life and unread bytes.
 */
import { SocketPeer, errorCode } from '../support/socket-peer';
import { startTiny, type Tiny } from '../support/tiny-app';

let gateway: Tiny;
const peers: SocketPeer[] = [];
beforeEach(async () => {
  gateway = await startTiny({ SOCKETS_PER_ADDRESS: '15', TRUST_PROXY: '127.0.0.1' });
});
afterEach(async () => {
  jest.useRealTimers();
  for (const peer of peers.splice(0)) peer.close();
  await gateway.server.close();
});

const fakeTimers = () =>
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance', 'Date'] });

async function ready(payload?: object, address = '192.0.2.1'): Promise<SocketPeer> {
  const peer = await SocketPeer.ready(gateway.port, payload, { headers: { 'x-forwarded-for': address } });
  peers.push(peer);
  return peer;
}

/** Lets everything that is on its way arrive, in real time. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((go) => setImmediate(go));
}

test('WS-10 a frame of 64 KiB is read, one byte more closes the socket', async () => {
  const peer = await ready();
  const frame = (bytes: number): string => {
    const text = (x: string): string => JSON.stringify({ type: 'ping', payload: { x } });
    return text('x'.repeat(bytes - text('').length));
  };
  peer.send(frame(64 * 1024));
  await peer.next('pong');
  peer.send(frame(64 * 1024 + 1));
  expect(await peer.closed).toBe(1009);
});

test('WS-10 frames are not compressed, whatever the client offers', async () => {
  const peer = await ready();
  expect(peer.socket.extensions).toBe('');
});

test('WS-10 a sixth operation is rejected, and possible again once one has ended', async () => {
  const peer = await ready();
  for (let id = 1; id <= 5; id += 1) {
    peer.subscribe(String(id), 'subscription { news }');
    await peer.next('next');
  }
  peer.subscribe('6', 'subscription { news }');
  const error = await peer.next('error');
  expect([error.id, errorCode(error)]).toEqual(['6', 'OPERATION_REJECTED']);
  peer.send({ id: '1', type: 'complete' });
  peer.subscribe('6', 'subscription { news }');
  expect((await peer.next('next')).id).toBe('6');
});

test('WS-10 an address holds as many sockets as the setting says, an IPv6 /64 counts as one address', async () => {
  for (let index = 0; index < 15; index += 1) await ready(undefined, `2001:db8:0:1::${String(index)}`);
  await expect(ready(undefined, '2001:db8:0:1::ffff')).rejects.toThrow('refused with 429');
  await ready(undefined, '2001:db8:0:2::1');
  peers[0]?.close();
  await peers[0]?.closed;
  await settle();
  await ready(undefined, '2001:db8:0:1::ffff');
});

test('WS-10 event streams count with the sockets', async () => {
  for (let index = 0; index < 15; index += 1) await ready();
  const answer = await fetch(`${gateway.url}/graphql/stream`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'text/event-stream',
      'x-forwarded-for': '192.0.2.1',
    },
    body: JSON.stringify({ query: 'subscription { news }' }),
  });
  expect(answer.status).toBe(429);
});

test.each(['Bearer ada', 'Device 1'])(
  'WS-10 "%s" holds 10 sockets, over all addresses and sessions',
  async (authorization) => {
    const credential = (index: number) =>
      authorization === 'Bearer ada' ? `Bearer ada-${String(index)}` : authorization;
    for (let index = 0; index < 10; index += 1)
      await ready({ authorization: credential(index) }, `192.0.2.${String(index)}`);
    const eleventh = await SocketPeer.open(gateway.port);
    eleventh.send({ type: 'connection_init', payload: { authorization: credential(11) } });
    expect(await eleventh.closed).toBe(4429);
    expect(eleventh.frames).toEqual([]);
    await ready({ authorization: 'Bearer grace' });
    peers[0]?.close();
    await peers[0]?.closed;
    await settle();
    await ready({ authorization: credential(12) });
  },
);

test('WS-10 operations on sockets count for the address like requests', async () => {
  await gateway.server.close();
  gateway = await startTiny({ ADDRESS_REQUESTS_PER_MINUTE: '60', TRUST_PROXY: '127.0.0.1' });
  const peer = await ready();
  for (let id = 1; id < 60; id += 1) {
    peer.subscribe(String(id), 'subscription { count(to: 1) }');
    await peer.next('complete');
  }
  peer.subscribe('60', 'subscription { count(to: 1) }');
  expect(errorCode(await peer.next('error'))).toBe('RATE_LIMITED');
  await expect(ready()).rejects.toThrow('refused with 429');
});

test('WS-10 a peer that does not answer a ping for 12 s is hung up on, one that does stays', async () => {
  fakeTimers();
  const alive = await ready();
  const silent = await SocketPeer.ready(gateway.port, undefined, { autoPong: false });
  peers.push(silent);
  jest.advanceTimersByTime(12_000);
  await settle();
  expect(silent.socket.readyState).toBe(silent.socket.OPEN);
  jest.advanceTimersByTime(12_000);
  expect(await silent.closed).toBe(1006);
  await settle();
  expect(alive.socket.readyState).toBe(alive.socket.OPEN);
});

test('WS-10 a socket of nobody ends after 11 minutes, one of a signed-in caller does not', async () => {
  fakeTimers();
  const anonymous = await ready();
  const signedIn = await ready({ authorization: 'Bearer ada' });
  for (let ping = 1; ping < 55; ping += 1) {
    jest.advanceTimersByTime(12_000);
    await settle();
  }
  expect(anonymous.socket.readyState).toBe(anonymous.socket.OPEN);
  jest.advanceTimersByTime(12_000);
  expect(await anonymous.closed).toBe(1001);
  expect(signedIn.socket.readyState).toBe(signedIn.socket.OPEN);
});

test('WS-13 a reader that never reads is hung up on before a megabyte and some wait for it', async () => {
  const peer = await ready();
  peer.socket.pause();
  const before = process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed;
  const ping = JSON.stringify({ type: 'ping', payload: { x: 'x'.repeat(60_000) } });
  for (let sent = 0; sent < 500; sent += 1) {
    if (peer.socket.readyState !== peer.socket.OPEN) break;
    peer.send(ping);
    await new Promise((go) => setImmediate(go));
  }
  peer.socket.resume();
  expect(await peer.closed).toBe(1006);
  const after = process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed;
  expect(after - before).toBeLessThan(60_000_000);
});
