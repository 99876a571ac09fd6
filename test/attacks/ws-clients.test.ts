/**
 * The failure: a transport that only our own tests speak. Front ends use the stock clients, and fall back
 * from the socket to the event stream where a proxy lets no socket through.
 * The guarantee: `graphql-ws` and `graphql-sse` work unchanged, with credentials, to the end of a stream and
 * over a restart.
 */
import { createClient as createStreamClient, type Client as StreamClient } from 'graphql-sse';
import { createClient as createSocketClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { send } from '../support/post';
import { startTiny, type Tiny } from '../support/tiny-app';

let gateway: Tiny;
beforeEach(async () => {
  gateway = await startTiny();
});
afterEach(() => gateway.server.close());

const streamClient = (headers: Record<string, string> = {}): StreamClient =>
  createStreamClient({ url: `${gateway.url}/graphql/stream`, headers, retryAttempts: 0 });

/** Everything that a client's iterator yields. */
async function all(results: AsyncIterable<unknown>): Promise<unknown[]> {
  const seen: unknown[] = [];
  for await (const result of results) seen.push(result);
  return seen;
}

test('WS-08 the stock graphql-ws client follows a stream to its end', async () => {
  const client = createSocketClient({
    url: `ws://127.0.0.1:${String(gateway.port)}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: 'Bearer ada' },
  });
  const query = 'subscription ($to: Int!) { count(to: $to) }';
  expect(await all(client.iterate({ query, variables: { to: 2 } }))).toEqual([
    { data: { count: '1' } },
    { data: { count: '2' } },
  ]);
  await client.dispose();
});

test('REL-08 the stock graphql-ws client comes back by itself after a restart', async () => {
  const port = gateway.port;
  const client = createSocketClient({
    url: `ws://127.0.0.1:${String(port)}/graphql`,
    webSocketImpl: WebSocket,
    retryWait: () => new Promise((go) => setTimeout(go, 100)),
    retryAttempts: 50,
  });
  const events = client.iterate({ query: 'subscription { news }' });
  expect((await events.next()).value).toEqual({ data: { news: 'now' } });
  await gateway.server.close();
  gateway = await startTiny({ PORT: String(port) });
  expect((await events.next()).value).toEqual({ data: { news: 'now' } });
  await client.dispose();
});

test('WS-08 the stock graphql-sse client follows a stream to its end', async () => {
  const client = streamClient({ authorization: 'Bearer ada' });
  expect(await all(client.iterate({ query: 'subscription { count(to: 2) }' }))).toEqual([
    { data: { count: '1' } },
    { data: { count: '2' } },
  ]);
  expect(await all(client.iterate({ query: 'subscription { caller }' }))).toEqual([
    { data: { caller: 'user, no cookies' } },
  ]);
  client.dispose();
});

test('WS-07 an event stream brings the state first and then each change, and lets go when the client does', async () => {
  const client = streamClient();
  const events = client.iterate({ query: 'subscription { news }' });
  expect((await events.next()).value).toEqual({ data: { news: 'now' } });
  gateway.publish('later');
  expect((await events.next()).value).toEqual({ data: { news: 'later' } });
  await events.return?.();
  while (gateway.listeners.size > 0) await new Promise((go) => setImmediate(go));
  client.dispose();
});

test('WS-05 a bad credential is one UNAUTHENTICATED result on an event stream', async () => {
  const client = streamClient({ authorization: 'Bearer forged' });
  expect(await all(client.iterate({ query: 'subscription { news }' }))).toMatchObject([
    { errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] },
  ]);
  client.dispose();
});

test('REL-08 a stop cuts an event stream, so that the client knows it must come back', async () => {
  const client = streamClient();
  const events = client.iterate({ query: 'subscription { news }' });
  await events.next();
  const rest = events.next();
  const closing = gateway.server.close();
  await expect(rest).rejects.toThrow();
  await closing;
  expect(gateway.listeners.size).toBe(0);
  client.dispose();
});

const JSON_TYPE = { 'content-type': 'application/json' };
const NEWS = JSON.stringify({ query: 'subscription { news }' });

test.each([
  ['a foreign origin', { ...JSON_TYPE, accept: 'text/event-stream', origin: 'https://evil.example' }, 403],
  ['the origin null', { ...JSON_TYPE, accept: 'text/event-stream', origin: 'null' }, 403],
  ['another content type', { 'content-type': 'text/plain', accept: 'text/event-stream' }, 415],
  ['an answer that is no event stream', { ...JSON_TYPE, accept: 'application/json' }, 406],
])('WS-01 an event stream with %s is refused', async (_what, headers, status) => {
  expect(await send(gateway.url, { path: '/graphql/stream', headers, body: NEWS })).toMatchObject({ status });
  expect(gateway.listeners.size).toBe(0);
});

test.each(['GET', 'PUT', 'DELETE'])(
  'WS-12 an event stream by %s, with a token in its address, does not exist',
  async (method) => {
    const path = '/graphql/stream?token=canary&query=subscription%20%7B%20news%20%7D';
    expect((await send(gateway.url, { method, path, headers: { accept: 'text/event-stream' } })).status).toBe(
      405,
    );
    expect(gateway.lines.join('')).not.toContain('canary');
  },
);
