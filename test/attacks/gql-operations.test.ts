/**
 * The attack, or the accident: health answers that describe the installation, a process that takes requests
 * it can no longer finish, a restart that cuts people off in the middle of a sign-in.
 * The guarantee: health shows one word, readiness follows the database and the shutdown, and a stop finishes
 * what runs.
 */
import { connect } from 'node:net';
import { post, send } from '../support/post';
import { SocketPeer } from '../support/socket-peer';
import { startTiny } from '../support/tiny-app';

const get = (url: string, path: string) => send(url, { method: 'GET', path });

test('REL-17 health and readiness are one word each', async () => {
  const gateway = await startTiny();
  expect(await get(gateway.url, '/healthz')).toMatchObject({ status: 200, text: '{"status":"up"}' });
  expect(await get(gateway.url, '/readyz')).toMatchObject({ status: 200, text: '{"status":"ready"}' });
  expect((await send(gateway.url, { method: 'HEAD', path: '/healthz' })).status).toBe(200);
  await gateway.server.close();
});

test('REL-04 without the database the process lives and is not ready, within 2 s', async () => {
  const gateway = await startTiny();
  for (const isReady of [() => Promise.resolve(false), () => Promise.reject(new Error('pg is away'))]) {
    gateway.isReady = isReady;
    expect(await get(gateway.url, '/readyz')).toMatchObject({ status: 503, text: '{"status":"not ready"}' });
  }
  expect((await get(gateway.url, '/healthz')).status).toBe(200);
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance', 'Date'] });
  const asked = { isAsked: false };
  gateway.isReady = () => {
    asked.isAsked = true;
    return new Promise(() => undefined);
  };
  const answer = get(gateway.url, '/readyz');
  while (!asked.isAsked) await new Promise((go) => setImmediate(go));
  jest.advanceTimersByTime(2_000);
  expect((await answer).status).toBe(503);
  jest.useRealTimers();
  await gateway.server.close();
});

test('REL-08 a stop finishes what runs, sends sockets away to come back, and takes nothing new', async () => {
  const gateway = await startTiny();
  const socket = await SocketPeer.ready(gateway.port);
  socket.subscribe('1', 'subscription { news }');
  await socket.next('next');
  const running = post(gateway.url, '{ slow }');
  while (gateway.held.size === 0) await new Promise((go) => setImmediate(go));

  const closing = gateway.server.close();
  expect(await socket.closed).toBe(1012);
  await expect(post(gateway.url, '{ hello }')).rejects.toThrow(/ECONNREFUSED|ECONNRESET/);
  gateway.release();
  expect(await running).toMatchObject({
    status: 200,
    data: { slow: 'late' },
    headers: { connection: 'close' },
  });
  await closing;
  expect(gateway.listeners.size).toBe(0);
  await gateway.server.close();
});

test('REL-08 a connection on which nobody asks anything does not hold up a stop', async () => {
  const gateway = await startTiny();
  // fetch keeps its connection open for the next request; browsers open one ahead of the first.
  await (await fetch(`${gateway.url}/healthz`)).text();
  const ahead = connect(gateway.port, '127.0.0.1');
  ahead.resume();
  await new Promise((open) => ahead.once('connect', open));
  await gateway.server.close();
}, 3_000);

test('a feature publishes JSON with its own caching, and metrics count operations by root field', async () => {
  const route = {
    path: '/.well-known/jwks.json',
    maxAgeSeconds: 300,
    answer: () => Promise.resolve({ keys: [] }),
  };
  const gateway = await startTiny({}, [route]);
  const jwks = await get(gateway.url, '/.well-known/jwks.json');
  expect(jwks).toMatchObject({
    status: 200,
    text: '{"keys":[]}',
    headers: { 'cache-control': 'public, max-age=300' },
  });
  await post(gateway.url, '{ a: hello }');
  const metrics = await get(gateway.url, '/metrics');
  expect(metrics.text).toContain('factorgate_operation_seconds_count{field="hello"} 1');
  expect(metrics.text).toContain('process_cpu_seconds_total');
  await gateway.server.close();
});
