/**
 * The attack: naming another client address in a header, to escape a limit, to look like the victim's own
 * place, or to fill the victim's share.
 * The guarantee: the address is the socket's peer, or the right-most hop that no listed proxy owns; headers
 * of others change nothing, and one IPv6 subscriber is one address.
 */
import { post, send } from '../support/post';
import { startTiny, type Tiny } from '../support/tiny-app';

const SPOOFED = '203.0.113.9';
const HEADERS = [
  'x-forwarded-for',
  'x-real-ip',
  'cf-connecting-ip',
  'true-client-ip',
  'x-client-ip',
  'forwarded',
  'x-cluster-client-ip',
];

async function addressSeen(gateway: Tiny, headers: Record<string, string>): Promise<unknown> {
  return ((await post(gateway.url, '{ address }', {}, headers)).data as { address: unknown }).address;
}

test.each(HEADERS)('RSK-02 without listed proxies %s changes nothing', async (header) => {
  const gateway = await startTiny();
  const value = header === 'forwarded' ? `for=${SPOOFED}` : SPOOFED;
  expect(await addressSeen(gateway, { [header]: value })).toBe('127.0.0.1');
  await gateway.server.close();
});

test('RSK-02 a listed proxy names the client, and only by X-Forwarded-For', async () => {
  const gateway = await startTiny({ TRUST_PROXY: '127.0.0.1, 10.0.0.0/8' });
  expect(await addressSeen(gateway, { 'x-forwarded-for': SPOOFED })).toBe(SPOOFED);
  expect(await addressSeen(gateway, { 'x-forwarded-for': '2001:db8::7' })).toBe('2001:db8::7');
  for (const header of HEADERS.slice(1))
    expect(await addressSeen(gateway, { [header]: SPOOFED })).toBe('127.0.0.1');
  await gateway.server.close();
});

test('RSK-02 what a client writes left of the proxies does not count', async () => {
  const gateway = await startTiny({ TRUST_PROXY: '127.0.0.1, 10.0.0.0/8' });
  expect(await addressSeen(gateway, { 'x-forwarded-for': `${SPOOFED}, 198.51.100.7, 10.1.2.3` })).toBe(
    '198.51.100.7',
  );
  expect(await addressSeen(gateway, { 'x-forwarded-for': `127.0.0.1, 198.51.100.7` })).toBe('198.51.100.7');
  expect(await addressSeen(gateway, { 'x-forwarded-for': 'nonsense' })).toBeNull();
  await gateway.server.close();
});

test('RSK-02 a proxy that is not listed is itself the client', async () => {
  const gateway = await startTiny({ TRUST_PROXY: '10.0.0.0/8' });
  expect(await addressSeen(gateway, { 'x-forwarded-for': SPOOFED })).toBe('127.0.0.1');
  await gateway.server.close();
});

test('RSK-02 a list that is no list of addresses stops the start', async () => {
  await expect(startTiny({ TRUST_PROXY: 'everybody' })).rejects.toThrow(/everybody/);
});

test('RL-07 the limit per address is one for a whole IPv6 /64, and headers do not escape it', async () => {
  const gateway = await startTiny({ TRUST_PROXY: '127.0.0.1', ADDRESS_REQUESTS_PER_MINUTE: '60' });
  const as = (address: string) => post(gateway.url, '{ hello }', {}, { 'x-forwarded-for': address });
  for (let index = 0; index < 60; index += 1) await as(`2001:db8:0:1::${index.toString(16)}`);
  const limited = await as('2001:0DB8:0:1:ffff::1');
  expect(limited).toMatchObject({ status: 429, code: 'RATE_LIMITED' });
  expect(Number(limited.headers['retry-after'])).toBeGreaterThan(0);
  expect(Number(limited.headers['retry-after'])).toBeLessThanOrEqual(60);
  expect((await as('2001:db8:0:2::1')).status).toBe(200);
  await gateway.server.close();
});

test('REL-11 a limited address gets no page and no file either, but probes still pass', async () => {
  const gateway = await startTiny({ ADDRESS_REQUESTS_PER_MINUTE: '60' });
  for (let index = 0; index < 60; index += 1) await send(gateway.url, { method: 'GET', path: '/nothing' });
  expect(await send(gateway.url, { method: 'GET', path: '/schema.graphql' })).toMatchObject({ status: 429 });
  expect(await post(gateway.url, '{ hello }')).toMatchObject({ status: 429, code: 'RATE_LIMITED' });
  for (const path of ['/healthz', '/readyz', '/metrics']) {
    expect((await send(gateway.url, { method: 'GET', path })).status).toBe(200);
  }
  await gateway.server.close();
});
