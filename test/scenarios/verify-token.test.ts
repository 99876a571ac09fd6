import { SignJWT, decodeProtectedHeader, generateKeyPair } from 'jose';
import { accessTokenVerifier, isFresh, type Caller } from '../../examples/verify-token';
import { describeOnEachBackend } from '../support/backends';
import { PUBLIC_URL, World } from '../support/world';

describeOnEachBackend('a service that verifies by examples/verify-token.ts', (backend) => {
  let world: World;
  let jwksUrl: string;
  let token: string;
  let userId: string;
  let verify: (presented: string) => Promise<Caller | undefined>;

  beforeAll(async () => {
    world = await World.open(backend, { isRealTime: true });
    jwksUrl = `${world.a.url}/.well-known/jwks.json`;
    verify = accessTokenVerifier({ issuer: PUBLIC_URL, audience: PUBLIC_URL, jwksUrl });
    const user = await world.user();
    userId = user.id;
    token = (await user.firstSignIn()).replace('Bearer ', '');
  });
  afterAll(() => world.close());

  it('learns who calls and what was proven', async () => {
    const caller = await verify(token);
    expect(caller).toMatchObject({ userId, roles: ['USER'], acr: 'aal1', amr: ['pwd'] });
    expect(caller?.sessionId).toMatch(/^ses_/);
    expect(caller && isFresh(caller, 300, caller.authTime)).toBe(false);
  });

  it('takes only tokens for itself, of its gateway', async () => {
    const other = 'https://api.example.com';
    const elsewhere = accessTokenVerifier({ issuer: PUBLIC_URL, audience: other, jwksUrl });
    const otherIssuer = accessTokenVerifier({ issuer: other, audience: PUBLIC_URL, jwksUrl });
    expect([await elsewhere(token), await otherIssuer(token)]).toEqual([undefined, undefined]);
  });

  it('refuses what is altered, signed by somebody else, of another algorithm, or no token', async () => {
    const { kid = '' } = decodeProtectedHeader(token);
    const [head = '', body = '', signature = ''] = token.split('.');
    const altered = Buffer.from(body, 'base64url').toString().replace('USER', 'ADMIN');
    const stranger = await generateKeyPair('ES256');
    const forged = await claimsOf(token)
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid })
      .sign(stranger.privateKey);
    const symmetric = await claimsOf(token)
      .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid })
      .sign(Buffer.from(JSON.stringify(await (await fetch(jwksUrl)).json())));
    const unsigned = Buffer.from(JSON.stringify({ alg: 'none', typ: 'at+jwt', kid })).toString('base64url');
    for (const bad of [
      `${head}.${Buffer.from(altered).toString('base64url')}.${signature}`,
      forged,
      symmetric,
      `${unsigned}.${body}.`,
      'no token',
      '',
    ]) {
      expect([bad, await verify(bad)]).toEqual([bad, undefined]);
    }
  });

  it('refuses another type of token, though the same key signed it', async () => {
    const { kid, privateKey } = await world.a.app.signingKeys.signer();
    const signed = (typ: string): Promise<string> =>
      claimsOf(token).setProtectedHeader({ alg: 'ES256', typ, kid }).sign(privateKey);
    expect(await verify(await signed('at+jwt'))).toBeDefined();
    expect(await verify(await signed('JWT'))).toBeUndefined();
  });

  it('goes on after a rotation of the signing key, and refuses a key that was revoked', async () => {
    const next = await world.a.app.signingKeys.rotate();
    expect(await verify(token)).toBeDefined();
    await world.a.app.signingKeys.revoke(decodeProtectedHeader(token).kid ?? '');
    const fresh = (await (await world.user()).firstSignIn()).replace('Bearer ', '');
    expect(decodeProtectedHeader(fresh).kid).toBe(next);
    const started = accessTokenVerifier({ issuer: PUBLIC_URL, audience: PUBLIC_URL, jwksUrl });
    expect(await started(fresh)).toBeDefined();
    expect(await started(token)).toBeUndefined();
  });

  it('tells a gateway that cannot be reached from a bad token', async () => {
    const away = accessTokenVerifier({
      issuer: PUBLIC_URL,
      audience: PUBLIC_URL,
      jwksUrl: 'http://127.0.0.1:9/.well-known/jwks.json',
    });
    await expect(away(token)).rejects.toThrow();
  });
});

/** The same claims, to be signed by somebody else. */
const claimsOf = (token: string): SignJWT =>
  new SignJWT(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()));
