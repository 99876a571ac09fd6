/**
 * The attack: operations that never end, from a slow database or on purpose, until every connection and all
 * memory wait for them.
 * The guarantee: an operation is answered within 10 s, and beyond 1,000 at once further ones are told to come
 * back.
 */
import { post, type Answer } from '../support/post';
import { SocketPeer, errorCode } from '../support/socket-peer';
import { startTiny, type Tiny } from '../support/tiny-app';

let gateway: Tiny;
beforeEach(async () => {
  gateway = await startTiny({ ADDRESS_REQUESTS_PER_MINUTE: '100000' });
});
afterEach(async () => {
  jest.useRealTimers();
  gateway.release();
  await gateway.server.close();
});

/** Waits, in real time, until so many resolvers are held. */
async function held(count: number): Promise<void> {
  while (gateway.held.size < count) await new Promise((go) => setImmediate(go));
}

/** Only the timers of our own code are faked: sockets and clock stay real. */
const fakeTimers = () =>
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance', 'Date'] });

test('GQL-07 an operation that takes 10 s is answered SERVICE_UNAVAILABLE', async () => {
  fakeTimers();
  const answer = post(gateway.url, '{ slow }');
  await held(1);
  jest.advanceTimersByTime(9_999);
  const other = await post(gateway.url, '{ hello }');
  expect(other.status).toBe(200);
  jest.advanceTimersByTime(1);
  expect(await answer).toMatchObject({ status: 503, code: 'SERVICE_UNAVAILABLE' });
});

test('GQL-07 an operation that ends in time is answered as usual', async () => {
  const answer = post(gateway.url, '{ slow }');
  await held(1);
  gateway.release();
  expect(await answer).toMatchObject({ status: 200, data: { slow: 'late' } });
});

test('GQL-07 a subscription whose source does not come is refused after 10 s, on both transports', async () => {
  fakeTimers();
  const peer = await SocketPeer.ready(gateway.port);
  peer.subscribe('1', 'subscription { late }');
  const stream = fetch(`${gateway.url}/graphql/stream`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: 'subscription { late }' }),
  });
  await held(2);
  jest.advanceTimersByTime(10_000);
  expect(errorCode(await peer.next('error'))).toBe('SERVICE_UNAVAILABLE');
  expect(await (await stream).text()).toContain('SERVICE_UNAVAILABLE');
  peer.close();
});

test('REL-11 1,000 operations run at once, the next is told to come back, and room is made again', async () => {
  fakeTimers();
  const running: Promise<Answer>[] = [];
  for (let index = 0; index < 1_000; index += 1) {
    running.push(post(gateway.url, '{ slow }'));
    if (index % 100 === 99) await held(index + 1);
  }
  expect(await post(gateway.url, '{ hello }')).toMatchObject({ status: 503, code: 'SERVICE_UNAVAILABLE' });
  gateway.release();
  const answers = await Promise.all(running);
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  expect(await post(gateway.url, '{ hello }')).toMatchObject({ status: 200 });
}, 120_000);
