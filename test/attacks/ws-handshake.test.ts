/**
 * The attack: cross-site WebSocket hijacking. A browser lets any page open a socket to any host, with the
 * victim's cookies and without a preflight; an older protocol, or a token in the address, opens further
 * doors.
 * The guarantee: only allowed origins, one sub-protocol and no credentials in the address pass the handshake.
 */
import { connect } from 'node:net';
import { SocketPeer } from '../support/socket-peer';
import { startTiny, type Tiny } from '../support/tiny-app';

let gateway: Tiny;
beforeAll(async () => {
  gateway = await startTiny({
    PUBLIC_URL: 'https://id.example.com',
    CORS_ORIGINS: 'https://app.example.com',
  });
});
afterAll(() => gateway.server.close());

const withOrigin = (origin: string): Promise<SocketPeer> =>
  SocketPeer.open(gateway.port, { headers: { origin } });

test.each([
  'null',
  '',
  'https://evil.example',
  'https://app.example.com.evil',
  'https://evil-app.example.com',
  'https://sub.app.example.com',
  'https://app.example.com:444',
  'http://app.example.com',
  'https://app.example.com/',
  'https://APP.example.com',
])('WS-01 the origin "%s" is refused', async (origin) => {
  await expect(withOrigin(origin)).rejects.toThrow('refused with 403');
});

test.each(['https://id.example.com', 'https://app.example.com'])(
  'WS-01 the origin %s is allowed',
  async (origin) => {
    (await withOrigin(origin)).close();
  },
);

test('WS-01 an app, which has no origin, is allowed; the server itself only outside production', async () => {
  (await SocketPeer.open(gateway.port)).close();
  (await withOrigin(`http://localhost:${String(gateway.port)}`)).close();
  (await withOrigin(`http://127.0.0.1:${String(gateway.port)}`)).close();
  const production = await startTiny({ NODE_ENV: 'production', PUBLIC_URL: 'https://id.example.com' });
  const headers = { origin: `http://localhost:${String(production.port)}` };
  await expect(SocketPeer.open(production.port, { headers })).rejects.toThrow('refused with 403');
  await production.server.close();
});

test('WS-01 cookies and headers of the handshake authenticate nobody', async () => {
  const headers = {
    cookie: '__Host-device=token; device=token',
    authorization: 'Bearer ada',
    'factorgate-tokens': 'cookie',
  };
  const peer = await SocketPeer.ready(gateway.port, undefined, { headers });
  peer.subscribe('1', 'subscription { caller }');
  expect((await peer.next('next')).payload).toEqual({ data: { caller: 'anonymous, no cookies' } });
  peer.close();
});

test.each([
  ['the protocol of subscriptions-transport-ws', ['graphql-ws']],
  ['an unknown one', ['soap']],
  ['a name that only begins alike', ['graphql-transport-ws2']],
  ['none', []],
])('WS-02 %s is refused as a sub-protocol', async (_what, protocols) => {
  await expect(SocketPeer.open(gateway.port, {}, protocols)).rejects.toThrow('refused with 400');
});

test('WS-02 offered with others, graphql-transport-ws is chosen, and the older messages close the socket', async () => {
  const peer = await SocketPeer.open(gateway.port, {}, ['graphql-ws', 'graphql-transport-ws']);
  expect(peer.socket.protocol).toBe('graphql-transport-ws');
  peer.send({ id: '1', type: 'start', payload: { query: 'subscription { news }' } });
  expect(await peer.closed).toBe(4400);
});

test.each(['/graphql?token=canary', '/graphql?authorization=Bearer%20canary'])(
  'WS-12 %s: what stands in the address is refused and not logged',
  async (path) => {
    gateway.lines.splice(0);
    await expect(SocketPeer.open(gateway.port, {}, ['graphql-transport-ws'], path)).rejects.toThrow(
      'refused with 400',
    );
    while (gateway.lines.length === 0) await new Promise((go) => setImmediate(go));
    expect(gateway.lines.join('')).not.toContain('canary');
  },
);

test('WS-01 other addresses take no sockets', async () => {
  for (const path of ['/graphql/stream', '/nothing', '/graphql/']) {
    await expect(SocketPeer.open(gateway.port, {}, ['graphql-transport-ws'], path)).rejects.toThrow(
      /refused with 40[45]/,
    );
  }
});

test.each([
  [
    'a GET to another protocol',
    'GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
    '400',
  ],
  [
    'a POST',
    'POST /graphql HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\n{}',
    '400',
  ],
  [
    'no key',
    'GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n',
    '400',
  ],
])('WS-02 an upgrade by %s is answered and hung up on', async (_how, head, status) => {
  const socket = connect(gateway.port, '127.0.0.1');
  socket.write(head);
  const parts: Buffer[] = [];
  socket.on('data', (part) => parts.push(part));
  await new Promise((gone) => socket.once('close', gone));
  expect(Buffer.concat(parts).toString()).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
});
