import { decodeProtectedHeader, exportJWK, generateKeyPair } from 'jose';
import { newId } from '../../src/kernel';
import { systemChance, type Database } from '../../src/platform';
import { sessionRoutes } from '../../src/features/sessions';
import { describeOnEachBackend, type OpenBackend } from '../support/backends';
import { ISSUER, SESSION_FEATURES, SessionsWorld, keyring, type GatewayProcess } from './sessions-world';

const kidOf = (tokens: { accessToken: string }) => decodeProtectedHeader(tokens.accessToken).kid;

describeOnEachBackend('signing keys', (backend) => {
  let database: Database;
  let opened: OpenBackend;
  let world: SessionsWorld;
  let a: GatewayProcess;
  let b: GatewayProcess;

  beforeAll(async () => ({ database } = opened = await backend.open(SESSION_FEATURES)));
  afterAll(() => opened.close());
  beforeEach(async () => {
    world = await SessionsWorld.on(database);
    [a, b] = await Promise.all([world.process(), world.process()]);
    await world.user('usr_ada');
  });

  const published = async (gateway: GatewayProcess) => (await gateway.keys.jwks()).keys.map((key) => key.kid);
  const signIn = (gateway: GatewayProcess) => world.signIn(gateway, 'usr_ada');

  it('are made once, by processes that start together', async () => {
    expect(await database.rows('SELECT 1 FROM signing_key')).toHaveLength(1);
    expect(await published(a)).toEqual(await published(b));
    await world.process();
    expect(await database.rows('SELECT 1 FROM signing_key')).toHaveLength(1);
  });

  it('are published without their private half, and stored without it in clear', async () => {
    const routes = sessionRoutes(a.keys, ISSUER);
    expect(await routes.find((route) => route.path === '/.well-known/jwks.json')?.answer()).toEqual({
      keys: [
        {
          kty: 'EC',
          crv: 'P-256',
          x: expect.stringMatching(/^[\w-]{43}$/) as string,
          y: expect.stringMatching(/^[\w-]{43}$/) as string,
          kid: expect.stringMatching(/^key_/) as string,
          use: 'sig',
          alg: 'ES256',
        },
      ],
    });
    expect(
      await routes.find((route) => route.path === '/.well-known/openid-configuration')?.answer(),
    ).toMatchObject({
      issuer: ISSUER,
      jwks_uri: `${ISSUER}/.well-known/jwks.json`,
    });
    const row = await database.row<{ sealedPrivate: string; publicJwk: object }>('SELECT * FROM signing_key');
    expect(row?.sealedPrivate).toMatch(/^s1\.v1\./);
    expect(Object.keys(row?.publicJwk ?? {}).sort()).toEqual(['crv', 'kty', 'x', 'y']);
  });

  it('rotate without a failed verification, and go when their last token is over', async () => {
    const [first] = await published(a);
    const second = await a.keys.rotate();
    expect(await published(a)).toEqual([first, second]);
    let last = { accessToken: '' };
    for (let at = 0; at < 600; at += 30) {
      last = await signIn(at % 60 ? a : b);
      expect(kidOf(last)).toBe(first);
      for (const gateway of [a, b]) await gateway.sessions.authenticate(last.accessToken);
      await world.pass(30);
    }
    expect(await published(b)).toEqual([first, second]);
    for (const gateway of [a, b]) {
      const tokens = await signIn(gateway);
      expect(kidOf(tokens)).toBe(second);
      for (const verifier of [a, b]) await verifier.sessions.authenticate(tokens.accessToken);
    }
    await world.pass(299);
    for (const gateway of [a, b]) await gateway.sessions.authenticate(last.accessToken);
    await world.pass(391);
    expect(await published(a)).toEqual([second]);
    expect(await published(b)).toEqual([second]);
    await a.keys.rotate();
    expect(await database.rows('SELECT kid FROM signing_key WHERE kid = $1', [first])).toEqual([]);
  });

  it('rotated again before the first rotation is over still cover every token', async () => {
    const [first] = await published(a);
    const second = await a.keys.rotate();
    await world.pass(60);
    const third = await b.keys.rotate();
    const seen = new Set<string | undefined>();
    for (let at = 0; at < 1800; at += 60) {
      const tokens = await signIn(a);
      seen.add(kidOf(tokens));
      await b.sessions.authenticate(tokens.accessToken);
      await world.pass(60);
    }
    expect([...seen]).toEqual([first, second, third]);
  });

  it('revoked in an emergency are refused within 30 seconds, and another signs at once', async () => {
    const refused = { code: 'UNAUTHENTICATED' };
    const stolen = await signIn(a);
    const idle = await world.process();
    expect(await a.keys.revoke(kidOf(stolen) ?? '')).toBe(true);
    expect(await a.keys.revoke(kidOf(stolen) ?? '')).toBe(false);
    await expect(a.sessions.authenticate(stolen.accessToken)).rejects.toMatchObject(refused);
    expect(await published(a)).toHaveLength(1);
    const fresh = await signIn(a);
    await world.pass(5);
    expect(await b.sessions.authenticate(fresh.accessToken)).toMatchObject({ userId: 'usr_ada' });
    await world.pass(25);
    // One has met the new key by now, the other only looks again because time has passed.
    for (const gateway of [b, idle]) {
      await expect(gateway.sessions.authenticate(stolen.accessToken)).rejects.toMatchObject(refused);
    }
  });

  it('revoked while a successor waits let the successor sign at once', async () => {
    const [first] = await published(a);
    const second = await a.keys.rotate();
    await a.keys.revoke(first ?? '');
    expect(kidOf(await signIn(a))).toBe(second);
    expect(await published(a)).toEqual([second]);
  });

  it('moved to another row do not open, and are not used', async () => {
    const [first] = await published(a);
    const second = await a.keys.rotate();
    await database.affected(
      `UPDATE signing_key SET (public_jwk, sealed_private) =
         (SELECT public_jwk, sealed_private FROM signing_key WHERE kid = $1) WHERE kid = $2`,
      [first, second],
    );
    const fresh = await world.process();
    expect(await published(fresh)).toEqual([first]);
    await world.pass(600);
    expect(kidOf(await signIn(fresh))).toBe(first);
  });

  it('written into the table without the keyring verify nothing', async () => {
    const good = await signIn(a);
    const pair = await generateKeyPair('ES256', { extractable: true });
    const { x, y } = await exportJWK(pair.publicKey);
    const kid = newId('key', world.clock, systemChance);
    const publicJwk = JSON.stringify({ kty: 'EC', crv: 'P-256', x, y });
    await database.affected(
      `INSERT INTO signing_key (kid, algorithm, public_jwk, sealed_private, created_at, active_from)
       SELECT $1, algorithm, $2, sealed_private, created_at, active_from FROM signing_key`,
      [kid, publicJwk],
    );
    const [, claims = ''] = good.accessToken.split('.');
    const head = Buffer.from(JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid })).toString('base64url');
    const bytes = Buffer.from(`${head}.${claims}`);
    const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, pair.privateKey, bytes);
    const forged = `${head}.${claims}.${Buffer.from(signature).toString('base64url')}`;
    await world.pass(30);
    await expect(a.sessions.authenticate(forged)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    // Nor does a public half put in the place of the real one.
    await database.affected('UPDATE signing_key SET public_jwk = $1', [publicJwk]);
    await expect(world.process()).rejects.toThrow('KEYRING');
  });

  it('sealed with a key that is not in the keyring stop the start', async () => {
    await expect(world.process({ ring: keyring('v9') })).rejects.toThrow('KEYRING');
    await expect(world.process({ ring: keyring('v9', 'v1') })).resolves.toBeDefined();
  });

  it('sign and verify on a process whose clock is an hour behind the database', async () => {
    await database.affected(`UPDATE test_clock SET at = at + interval '1 hour'`);
    await database.rows('DELETE FROM signing_key');
    const late = await world.process();
    expect(await late.sessions.authenticate((await signIn(late)).accessToken)).toMatchObject({
      userId: 'usr_ada',
    });
  });

  it('are not read again for each token that names an unknown one', async () => {
    let reads = 0;
    const counting = new Proxy(database, {
      get(target, name) {
        if (name !== 'rows') return Reflect.get(target, name) as unknown;
        return (statement: string, values: unknown[]) => {
          if (statement.includes('FROM signing_key')) reads += 1;
          return target.rows(statement, values);
        };
      },
    });
    const gateway = await world.process({ database: counting });
    reads = 0;
    const forged = (kid: string) =>
      `${Buffer.from(JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid })).toString('base64url')}.e30.AAAA`;
    for (let second = 0; second < 10; second += 1) {
      for (let n = 0; n < 10; n += 1) {
        const token = forged(newId('key', world.clock, systemChance));
        await expect(gateway.sessions.authenticate(token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
      }
      await world.pass(1);
    }
    expect(reads).toBe(1);
  });
});
