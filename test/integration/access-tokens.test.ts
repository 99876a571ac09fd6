import { createHmac, createPublicKey } from 'node:crypto';
import { SignJWT, decodeJwt, exportJWK, exportSPKI, generateKeyPair, importJWK, type JWTPayload } from 'jose';
import type { Database } from '../../src/platform';
import { describeOnEachBackend, type OpenBackend } from '../support/backends';
import { ISSUER, SESSION_FEATURES, SessionsWorld, type GatewayProcess } from './sessions-world';

const UNAUTHENTICATED = { code: 'UNAUTHENTICATED' };
const text = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');

/**
 * What a forger sends: tokens without signature, signed by another algorithm or key, or made for somebody
 * else. RFC 8725 lists the ways. Every one is refused in the same words.
 */
describeOnEachBackend('access tokens', (backend) => {
  let database: Database;
  let opened: OpenBackend;
  let world: SessionsWorld;
  let gateway: GatewayProcess;
  let accessToken: string;
  let kid: string;

  beforeAll(async () => ({ database } = opened = await backend.open(SESSION_FEATURES)));
  afterAll(() => opened.close());
  beforeEach(async () => {
    world = await SessionsWorld.on(database);
    gateway = await world.process();
    ({ accessToken } = await world.signIn(gateway, await world.user('usr_ada', ['HELP_DESK'])));
    kid = (await gateway.keys.signer()).kid;
  });

  const authenticate = (token: string) => gateway.sessions.authenticate(token);
  const header = (changes: object = {}) => ({ alg: 'ES256', typ: 'at+jwt', kid, ...changes });

  /** A token with the gateway's own good signature over any header and claims. */
  async function signed(headers: object, claims: JWTPayload = {}): Promise<string> {
    const { privateKey } = await gateway.keys.signer();
    const all = Object.fromEntries(
      Object.entries({ ...decodeJwt(accessToken), ...claims }).filter(([, value]) => value !== undefined),
    );
    const bytes = `${text(header(headers))}.${text(all)}`;
    const signature = await crypto.subtle.sign(
      { name: 'ECDSA', hash: 'SHA-256' },
      privateKey,
      Buffer.from(bytes),
    );
    return `${bytes}.${Buffer.from(signature).toString('base64url')}`;
  }

  it('tell who calls: level and time from the token, roles from the row', async () => {
    expect(await authenticate(accessToken)).toEqual({
      kind: 'user',
      userId: 'usr_ada',
      sessionId: decodeJwt(accessToken).sid,
      clientId: 'web',
      roles: ['HELP_DESK'],
      assurance: 'AAL2',
      authenticatedAt: world.now,
    });
    // The forgeries below differ from this only in what they name.
    expect(await authenticate(await signed({}))).toMatchObject({ userId: 'usr_ada' });
  });

  it.each(['none', 'None', 'nOnE', 'NONE', ''])(
    'are refused with alg %j, with and without signature',
    async (alg) => {
      const [, claims = '', signature = ''] = accessToken.split('.');
      await expect(authenticate(`${text(header({ alg }))}.${claims}.`)).rejects.toMatchObject(
        UNAUTHENTICATED,
      );
      await expect(authenticate(`${text(header({ alg }))}.${claims}.${signature}`)).rejects.toMatchObject(
        UNAUTHENTICATED,
      );
    },
  );

  it('are refused with HS256 and the public key as the secret', async () => {
    const [jwk] = (await gateway.keys.jwks()).keys;
    const publicKey = createPublicKey({ key: { ...jwk }, format: 'jwk' });
    const pem = publicKey.export({ format: 'pem', type: 'spki' });
    for (const secret of [
      pem,
      await exportSPKI((await importJWK({ ...jwk }, 'ES256')) as never),
      JSON.stringify(jwk),
    ]) {
      const bytes = `${text(header({ alg: 'HS256' }))}.${accessToken.split('.')[1] ?? ''}`;
      const mac = createHmac('sha256', secret).update(bytes).digest('base64url');
      await expect(authenticate(`${bytes}.${mac}`)).rejects.toMatchObject(UNAUTHENTICATED);
    }
  });

  it.each(['RS256', 'PS256', 'ES384', 'EdDSA', 'ES256K', 'dir'])('are refused with alg %s', async (alg) => {
    await expect(authenticate(await signed({ alg }))).rejects.toMatchObject(UNAUTHENTICATED);
  });

  it.each([
    ['no signature', ''],
    ['r = s = 0', Buffer.alloc(64).toString('base64url')],
    ['a short signature', Buffer.alloc(63, 1).toString('base64url')],
    [
      'r = s = n',
      Buffer.from(
        'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'.repeat(2),
        'hex',
      ).toString('base64url'),
    ],
  ])('are refused with %s', async (_, signature) => {
    const [head = '', claims = ''] = accessToken.split('.');
    await expect(authenticate(`${head}.${claims}.${signature}`)).rejects.toMatchObject(UNAUTHENTICATED);
  });

  it('are refused when any part was changed', async () => {
    const [head = '', , signature = ''] = accessToken.split('.');
    const stronger = text({ ...decodeJwt(accessToken), acr: 'aal3' });
    await expect(authenticate(`${head}.${stronger}.${signature}`)).rejects.toMatchObject(UNAUTHENTICATED);
    for (const broken of [
      '',
      '.',
      '..',
      'a.b.c',
      accessToken.slice(0, -4),
      `${accessToken}.x`,
      'x'.repeat(100_000),
    ]) {
      await expect(authenticate(broken)).rejects.toMatchObject(UNAUTHENTICATED);
    }
  });

  it.each(['JWT', 'jwt', 'AT+JWT', 'application/at+jwt', 'device+jwt', 'approval+jwt', undefined])(
    'are refused with typ %s',
    async (typ) => {
      await expect(authenticate(await signed({ typ }))).rejects.toMatchObject(UNAUTHENTICATED);
    },
  );

  it.each([
    ['a path', '../../dev/null'],
    ['SQL', "' UNION SELECT 'x' --"],
    ['a URL', 'https://evil.example/jwks.json'],
    ['an unknown one of 64 characters', 'k'.repeat(64)],
    ['10 KB', 'k'.repeat(10_240)],
    ['a property of every object', '__proto__'],
    ['nothing in it', ''],
    ['null', null],
    ['none', undefined],
    ['an object', { kid: 'x' }],
  ])('are refused with a kid that is %s', async (_, wrong) => {
    await expect(authenticate(await signed({ kid: wrong }))).rejects.toMatchObject(UNAUTHENTICATED);
  });

  it('are refused when they bring their own key', async () => {
    const pair = await generateKeyPair('ES256', { extractable: true });
    const jwk = await exportJWK(pair.publicKey);
    const own = {
      jwk,
      jku: 'https://evil.example/jwks.json',
      x5u: 'https://evil.example/x5u',
      x5c: ['MIIB'],
    };
    for (const [name, value] of Object.entries(own)) {
      const forged = await new SignJWT(decodeJwt(accessToken))
        .setProtectedHeader({ ...header(), [name]: value })
        .sign(pair.privateKey);
      await expect(authenticate(forged)).rejects.toMatchObject(UNAUTHENTICATED);
      // Refused even where the signature is good: no such header is ever looked at.
      await expect(authenticate(await signed({ [name]: value }))).rejects.toMatchObject(UNAUTHENTICATED);
    }
  });

  it.each([
    { crit: ['b64'], b64: true },
    { crit: ['exp'], exp: 1 },
    { crit: [] },
    { b64: false, crit: ['b64'] },
  ])('are refused with the header %j', async (extra) => {
    await expect(authenticate(await signed(extra))).rejects.toMatchObject(UNAUTHENTICATED);
  });

  it.each([
    ['another issuer', { iss: 'https://evil.example' }],
    ['the issuer with a slash', { iss: `${ISSUER}/` }],
    ['no issuer', { iss: undefined }],
    ['another audience', { aud: 'https://other.example.com' }],
    ['no audience', { aud: undefined }],
    ['no end', { exp: undefined }],
    ['an end in words', { exp: '2099-01-01' as unknown as number }],
    ['no session', { sid: undefined }],
    ['an unknown level', { acr: 'aal9' }],
    ['no level', { acr: undefined }],
    ['no time of authentication', { auth_time: undefined }],
    ['the session of another', { sub: 'usr_bob' }],
    ['a session that never was', { sid: 'ses_00000000000000000000000000' }],
  ])('are refused with %s', async (_, claims: JWTPayload) => {
    await expect(authenticate(await signed({}, claims))).rejects.toMatchObject(UNAUTHENTICATED);
  });

  it('are good for 5 minutes and the 30 seconds that clocks may differ', async () => {
    await world.pass(329);
    expect(await authenticate(accessToken)).toMatchObject({ userId: 'usr_ada' });
    await world.pass(1);
    await expect(authenticate(accessToken)).rejects.toMatchObject(UNAUTHENTICATED);
  });

  it('are not good before their time', async () => {
    const at = world.now.getTime() / 1000;
    expect(await authenticate(await signed({}, { nbf: at + 30 }))).toMatchObject({ userId: 'usr_ada' });
    await expect(authenticate(await signed({}, { nbf: at + 31 }))).rejects.toMatchObject(UNAUTHENTICATED);
  });

  it('are answered with SERVICE_UNAVAILABLE while the database cannot be asked', async () => {
    const { database: reached, cut } = world.cuttable();
    const other = await world.process({ database: reached });
    expect(await other.sessions.authenticate(accessToken)).toMatchObject({ userId: 'usr_ada' });
    cut();
    const unavailable = { code: 'SERVICE_UNAVAILABLE' };
    await expect(other.sessions.authenticate(accessToken)).rejects.toMatchObject(unavailable);
    await world.pass(60);
    await expect(other.sessions.authenticate(accessToken)).rejects.toMatchObject(unavailable);
    await expect(other.sessions.authenticate(await signed({ kid: 'key_new' }))).rejects.toMatchObject(
      unavailable,
    );
    // A bad signature is refused without asking, and services can still fetch the keys and verify offline.
    await expect(other.sessions.authenticate(`${accessToken}x`)).rejects.toMatchObject(UNAUTHENTICATED);
    expect((await other.keys.jwks()).keys).toHaveLength(1);
  });
});
