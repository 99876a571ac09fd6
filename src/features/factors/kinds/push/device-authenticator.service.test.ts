import { CompactSign, exportJWK, generateKeyPair, type CryptoKey } from 'jose';
import { newId } from '../../../../kernel';
import { systemChance, systemClock } from '../../../../platform';
import { describeOnEachBackend, type OpenBackend } from '../../../../../test/support/backends';
import { DeviceAuthenticator } from './device-authenticator.service';
import { publicJwk, thumbprintOf } from './device-key';
import { addDevice, sweepJtis } from './devices.store';

const GATEWAY = 'https://id.example.com';
const NOW = new Date('2026-11-24T09:30:00Z');
const IAT = NOW.getTime() / 1000;

interface Phone {
  readonly id: string;
  readonly factorId: string;
  readonly userId: string;
  readonly privateKey: CryptoKey;
}

describeOnEachBackend('the credential of a device', (on) => {
  let backend: OpenBackend;
  let authenticator: DeviceAuthenticator;
  let phone: Phone;
  let counter = 0;
  beforeAll(async () => {
    backend = await on.open();
    authenticator = new DeviceAuthenticator(backend.database, { now: () => NOW }, GATEWAY);
    phone = await registeredPhone();
  });
  afterAll(() => backend.close());

  async function registeredPhone(): Promise<Phone> {
    const fresh = (prefix: 'usr' | 'fct' | 'dev') => newId(prefix, systemClock, systemChance);
    const [id, factorId, userId] = [fresh('dev'), fresh('fct'), fresh('usr')];
    await backend.database.affected(
      `INSERT INTO users (id, account_type, email, email_key, roles, status)
       VALUES ($1, 'PERSON', $1, $1, '{USER}', 'ACTIVE')`,
      [userId],
    );
    await backend.database.affected(`INSERT INTO factor (id, user_id, kind) VALUES ($1, $2, 'PUSH')`, [
      factorId,
      userId,
    ]);
    const { publicKey, privateKey } = await generateKeyPair('ES256');
    const jwk = publicJwk.parse(await exportJWK(publicKey));
    const key = { publicJwk: jwk, algorithm: 'ES256', thumbprint: await thumbprintOf(jwk) };
    const facts = {
      name: 'Pixel 9',
      platform: 'ANDROID' as const,
      model: null,
      appVersion: null,
      pushToken: null,
    };
    expect(await addDevice(backend.database, { id, factorId, userId, ...facts, ...key })).toBe(true);
    return { id, factorId, userId, privateKey };
  }

  const credential = (
    payload: object = {},
    header: object = {},
    signer: Pick<Phone, 'privateKey'> = phone,
  ) => {
    const claims = {
      aud: GATEWAY,
      iat: IAT,
      exp: IAT + 60,
      jti: `jti-${String((counter += 1))}`,
      ...payload,
    };
    return new CompactSign(Buffer.from(JSON.stringify(claims)))
      .setProtectedHeader({ alg: 'ES256', typ: 'device+jwt', kid: phone.id, ...header })
      .sign(signer.privateKey);
  };
  const authenticate = async (jws: string | Promise<string>) => authenticator.authenticate(await jws);
  const isRefused = (jws: string | Promise<string>) =>
    expect(authenticate(jws)).rejects.toMatchObject({ code: 'UNAUTHENTICATED', message: 'Please sign in.' });

  it('says which device calls', async () => {
    const { id: deviceId, factorId, userId } = phone;
    expect(await authenticate(credential())).toEqual({ kind: 'device', deviceId, factorId, userId });
  });

  it('is accepted once, even when shown twenty times at the same instant', async () => {
    const jws = await credential();
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => authenticate(jws)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it.each([
    ['made for another gateway', { aud: 'https://id.example.org' }],
    ['it lives longer than a minute', { exp: IAT + 61 }],
    ['it never ends', { exp: undefined }],
    ['it ends before it begins', { exp: IAT - 1 }],
    ['it has no jti', { jti: undefined }],
    ['its jti is long', { jti: 'x'.repeat(65) }],
    ['it has a claim that nobody knows', { scope: 'all' }],
  ])('is refused if %s', (_, payload) => isRefused(credential(payload)));

  it.each([
    ['another type', { typ: 'approval+jwt' }],
    ['no device', { kid: undefined }],
    ['a device that does not exist', { kid: 'dev_00000000000000000000000000' }],
    ['something that is no id', { kid: "dev_' OR true --" }],
    ['a key of its own', { jwk: {} }],
    ['an address of keys', { jku: 'https://evil.example/keys' }],
  ])('is refused if its header names %s', (_, header) => isRefused(credential({}, header)));

  it('may come from a clock 30 seconds off, not more', async () => {
    const ahead = (by: number) => credential({ iat: IAT + by, exp: IAT + by + 60 });
    await expect(authenticate(ahead(30))).resolves.toBeDefined();
    await isRefused(ahead(31));
    await expect(authenticate(ahead(-89))).resolves.toBeDefined();
    await isRefused(ahead(-90));
  });

  it('is refused from another key or in another algorithm', async () => {
    await isRefused(credential({}, {}, await generateKeyPair('ES256')));
    await isRefused(credential({}, { alg: 'EdDSA' }, await generateKeyPair('EdDSA')));
    await isRefused('Device');
    await isRefused(`${'a'.repeat(5000)}.b.c`);
  });

  it('is refused once the device is revoked, and an open socket is no longer served', async () => {
    const gone = await registeredPhone();
    const caller = await authenticate(credential({}, { kid: gone.id }, gone));
    expect(await authenticator.isStanding(caller)).toBe(true);
    await backend.database.affected('UPDATE device SET revoked_at = gateway_now() WHERE id = $1', [gone.id]);
    expect(await authenticator.isStanding(caller)).toBe(false);
    await isRefused(credential({}, { kid: gone.id }, gone));
  });

  it('leaves a trace at most once a minute', async () => {
    const find = 'SELECT last_seen_at FROM device WHERE id = $1';
    const seen = async () => (await backend.database.row<{ lastSeenAt: Date }>(find, [phone.id]))?.lastSeenAt;
    const setBack = `UPDATE device SET last_seen_at = last_seen_at - interval '61 s' WHERE id = $1`;
    await authenticate(credential());
    const first = await seen();
    await authenticate(credential());
    expect(await seen()).toEqual(first);
    await backend.database.affected(setBack, [phone.id]);
    await authenticate(credential());
    expect((await seen())?.getTime()).toBeGreaterThanOrEqual(first?.getTime() ?? Infinity);
  });

  it('is forgotten only when its age alone refuses it', async () => {
    await backend.database.affected('DELETE FROM device_jti');
    const remember = (jti: string, ago: string) =>
      backend.database.affected('INSERT INTO device_jti VALUES ($1, $2, gateway_now() - $3::interval)', [
        phone.id,
        jti,
        ago,
      ]);
    await remember('old', '11 minutes');
    await remember('recent', '9 minutes');
    expect(await sweepJtis(backend.database)).toBe(1);
    expect(await backend.database.rows('SELECT jti FROM device_jti')).toEqual([{ jti: 'recent' }]);
  });
});
