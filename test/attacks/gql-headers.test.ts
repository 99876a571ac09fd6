/**
 * The attack: a page of another origin reads answers with the victim's cookies, frames a page of the gateway,
 * keeps a token in a shared cache, or sets and steals the cookies that hold tokens.
 * The guarantee: other origins are not let in, nothing is cached or framed, and token cookies are out of any
 * script's reach.
 */
import { send, type Answer } from '../support/post';
import { startTiny, type Tiny } from '../support/tiny-app';

const APP = 'https://app.example.com';
let secure: Tiny;
let plain: Tiny;
beforeAll(async () => {
  secure = await startTiny({ PUBLIC_URL: 'https://id.example.com', CORS_ORIGINS: APP });
  plain = await startTiny({ PUBLIC_URL: 'http://gateway.test' });
});
afterAll(async () => {
  await secure.server.close();
  await plain.server.close();
});

const FOREIGN = [
  'null',
  'https://evil.example',
  'https://app.example.com.evil',
  'https://evil-app.example.com',
  'https://sub.app.example.com',
  'http://app.example.com',
  'https://app.example.com:8443',
  'https://app.example.com/',
  'HTTPS://APP.EXAMPLE.COM',
];

const remember = (url: string, headers: Record<string, string>): Promise<Answer> =>
  send(url, {
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query: 'mutation { remember }' }),
  });

test.each([APP, 'https://id.example.com'])(
  'GQL-11 the origin %s may call, with credentials',
  async (origin) => {
    const headers = {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization',
    };
    const preflight = await send(secure.url, { method: 'OPTIONS', headers });
    expect(preflight.status).toBe(204);
    expect(preflight.headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      'access-control-allow-headers': 'content-type, authorization, factorgate-tokens',
      'access-control-allow-methods': 'POST',
    });
    expect((await remember(secure.url, { origin })).headers).toMatchObject({
      'access-control-allow-origin': origin,
      vary: expect.stringContaining('Origin') as string,
    });
  },
);

test.each(FOREIGN)('GQL-11 the origin %s gets no permission, and no cookies', async (origin) => {
  const preflight = await send(secure.url, {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'POST' },
  });
  const answer = await remember(secure.url, {
    origin,
    'factorgate-tokens': 'cookie',
    cookie: '__Host-device=stolen',
  });
  for (const { headers } of [preflight, answer]) {
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
  }
  expect(answer.data).toEqual({ remember: 'no cookies' });
  expect(answer.headers['set-cookie']).toBeUndefined();
});

test('GQL-11 the server itself is an allowed origin in development only', async () => {
  const production = await startTiny({ NODE_ENV: 'production', PUBLIC_URL: 'https://id.example.com' });
  const allowed = async (gateway: Tiny, host: string): Promise<boolean> => {
    const origin = `http://${host}:${String(gateway.port)}`;
    const { headers } = await remember(gateway.url, { origin });
    return headers['access-control-allow-origin'] === origin;
  };
  for (const host of ['localhost', '127.0.0.1']) {
    expect(await allowed(secure, host)).toBe(true);
    expect(await allowed(production, host)).toBe(false);
  }
  await production.server.close();
});

test.each(['/graphql', '/healthz', '/nothing', '/schema.graphql', '/metrics'])(
  'GQL-11 %s has the protective headers',
  async (path) => {
    const { headers } = await send(secure.url, { method: 'GET', path });
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none';frame-ancestors 'none'",
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    });
    const age = /max-age=(\d+)/.exec(String(headers['strict-transport-security']))?.[1];
    expect(Number(age)).toBeGreaterThanOrEqual(31_536_000);
    expect(headers['x-powered-by'] ?? headers['server']).toBeUndefined();
  },
);

test('GQL-11 token cookies are out of reach for scripts, sub-domains and other sites', async () => {
  const { headers, data } = await remember(secure.url, { origin: APP, 'factorgate-tokens': 'cookie' });
  expect(data).toEqual({ remember: 'set' });
  expect(headers['set-cookie']).toEqual([
    '__Host-device=token; Max-Age=60; Path=/; HttpOnly; Secure; SameSite=Strict',
  ]);
});

test('GQL-11 over plain http, for development, the cookie has its plain name', async () => {
  const { headers } = await remember(plain.url, {
    origin: 'http://gateway.test',
    'factorgate-tokens': 'cookie',
  });
  expect(headers['set-cookie']).toEqual(['device=token; Max-Age=60; Path=/; HttpOnly; SameSite=Strict']);
});

test('GQL-11 only the prefixed cookie is read back', async () => {
  const headers = { origin: APP, 'factorgate-tokens': 'cookie' };
  expect((await remember(secure.url, { ...headers, cookie: '__Host-device=mine' })).data).toEqual({
    remember: 'mine',
  });
  expect((await remember(secure.url, { ...headers, cookie: 'device=planted' })).data).toEqual({
    remember: 'set',
  });
});

test.each([
  ['not asked for', { origin: APP }],
  ['asked for in another word', { origin: APP, 'factorgate-tokens': 'body' }],
  ['asked for by nobody knows whom', { 'factorgate-tokens': 'cookie' }],
  [
    'asked for by another site without an origin',
    { 'factorgate-tokens': 'cookie', 'sec-fetch-site': 'cross-site' },
  ],
])('GQL-11 cookies %s are neither read nor set', async (_how, headers) => {
  const answer = await remember(secure.url, { ...headers, cookie: '__Host-device=mine' });
  expect(answer.data).toEqual({ remember: 'no cookies' });
  expect(answer.headers['set-cookie']).toBeUndefined();
});

test('GQL-11 a page of the same origin needs no Origin header', async () => {
  const headers = { 'factorgate-tokens': 'cookie', 'sec-fetch-site': 'same-origin' };
  expect((await remember(secure.url, headers)).data).toEqual({ remember: 'set' });
});
