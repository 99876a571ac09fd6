import { CompactSign, exportJWK, generateKeyPair, type CryptoKey } from 'jose';
import pino from 'pino';
import { type Chance, type Clock, after, newId, seconds } from '../../../../kernel';
import {
  Database,
  InProcessBus,
  Keyring,
  dataSource,
  migrate,
  openEmbedded,
  systemChance,
  type Embedded,
} from '../../../../platform';
import type { DevicePort, FactorDeps, FactorKindAtWork, FactorRef, Verdict } from '../../contract';
import { push } from '.';
import { keptApproval, newApproval } from './approval';
import type { PushProof } from './push.driver';
import { registration } from './registration';

const NOW = new Date('2026-11-24T09:30:00Z');
const GATEWAY = 'https://id.example.com';
const clock: Clock & { at: Date } = { at: NOW, now: () => clock.at };
const chance: Chance = systemChance;
// The engine's part is not under test: the driver is called as the engine calls it.
const noEngine = new Proxy({} as DevicePort, { get: () => () => Promise.reject(new Error('not asked')) });

let embedded: Embedded;
let database: Database;
let kind: FactorKindAtWork<PushProof>;

/** Stands for the tables of the folders below, which devices refer to. */
class Parents1767225605000 {
  async up(runner: { query(sql: string): Promise<unknown> }): Promise<void> {
    await runner.query('CREATE TABLE users (id text PRIMARY KEY)');
    await runner.query('CREATE TABLE factor (id text PRIMARY KEY, revoked_at timestamptz)');
  }
}

beforeAll(async () => {
  embedded = await openEmbedded();
  const features = [
    { name: 'push', entities: push.entities, migrations: [Parents1767225605000, ...push.migrations] },
  ];
  const source = dataSource(features, { driver: embedded.driver });
  await source.initialize();
  await migrate(source);
  database = new Database(source);
  const deps = {
    clock,
    chance,
    keyring: new Keyring([{ version: 'v1', secret: chance.bytes(32) }], chance),
    sql: database,
    bus: new InProcessBus(),
    log: pino({ level: 'silent' }),
    publicUrl: GATEWAY,
    gatewayName: 'Example',
    devices: noEngine,
  } as unknown as FactorDeps;
  kind = push.create(deps);
}, 60_000);
afterAll(async () => {
  await database.source.destroy();
  await embedded.close();
});
beforeEach(() => (clock.at = NOW));

interface Keys {
  readonly publicKey: CryptoKey;
  readonly privateKey: CryptoKey;
}
interface Phone extends Keys {
  readonly id: string;
  readonly factor: FactorRef;
}

const sign = (
  keys: Keys,
  header: { alg?: string; typ: string; kid?: string },
  payload: object,
): Promise<string> =>
  new CompactSign(Buffer.from(JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'ES256', ...header })
    .sign(keys.privateKey);

const iat = (): number => Math.floor(clock.at.getTime() / 1000);

async function consumed(verdict: Verdict): Promise<boolean> {
  if (!verdict.accepted) return false;
  return database.transaction(async (tx) => (await verdict.consume?.(tx)) ?? true);
}

async function newFactor(): Promise<FactorRef> {
  const factor = { id: newId('fct', clock, chance), userId: newId('usr', clock, chance), label: null };
  await database.affected('INSERT INTO users VALUES ($1)', [factor.userId]);
  await database.affected('INSERT INTO factor VALUES ($1)', [factor.id]);
  return factor;
}

async function register(factor: FactorRef, keys: Keys): Promise<Verdict> {
  const user = { id: factor.userId, email: 'ada@example.com', locale: null };
  const { kept, pairingToken = '' } = await kind.driver.enroll(user, { label: null });
  const proof = await sign(
    keys,
    { typ: 'device-registration+jwt' },
    { pairingToken, aud: GATEWAY, iat: iat() },
  );
  const publicKey = await exportJWK(keys.publicKey);
  const given = {
    pairingToken,
    publicKey,
    proof,
    platform: 'ANDROID',
    name: 'Pixel 9',
    pushToken: 'fcm-token',
  };
  return kind.driver.activate(factor, kept, registration.parse(given), clock.at);
}

async function pairedPhone(): Promise<Phone> {
  const factor = await newFactor();
  const keys = await generateKeyPair('ES256');
  expect(await consumed(await register(factor, keys))).toBe(true);
  const row = await database.row<{ id: string }>('SELECT id FROM device WHERE factor_id = $1', [factor.id]);
  return { ...keys, factor, id: row?.id ?? '' };
}

const request = {
  challengeId: 'chl_00000000000000000000000001',
  purpose: 'SIGN_IN' as const,
  applicationName: 'Example App',
  message: null,
  context: { ipAddress: '192.0.2.1', location: null, browser: null, operatingSystem: null },
};

async function approve(phone: Phone, kept: unknown): Promise<Verdict> {
  const { challengeId, nonce, number } = keptApproval.parse(kept);
  const payload = { aud: GATEWAY, iat: iat(), approvalId: challengeId, nonce, decision: 'APPROVE', number };
  const answer = await sign(phone, { typ: 'approval+jwt', kid: phone.id }, payload);
  return kind.driver.verify(phone.factor, kept, answer, clock.at);
}

describe('pairing', () => {
  it('registers a device by its key, and keeps the push token sealed', async () => {
    const phone = await pairedPhone();
    const row = await database.row<Record<string, unknown>>('SELECT * FROM device WHERE id = $1', [phone.id]);
    expect(row).toMatchObject({ name: 'Pixel 9', platform: 'ANDROID', algorithm: 'ES256', revokedAt: null });
    expect(row?.['publicJwk']).not.toHaveProperty('d');
    expect(row?.['pushToken']).toMatch(/^s1\.v1\./);
  });

  it('takes a key once', async () => {
    const keys = await generateKeyPair('ES256');
    expect(await consumed(await register(await newFactor(), keys))).toBe(true);
    const again = await register(await newFactor(), keys);
    await expect(consumed(again)).rejects.toMatchObject({ code: 'FACTOR_ALREADY_ENROLLED' });
  });

  it('shows the token only as a link that the kept state can make again', async () => {
    const user = { id: 'usr_1', email: 'ada@example.com', locale: null };
    const { kept, pairingToken } = await kind.driver.enroll(user, { label: null });
    const setup = push.graphql.setup({
      id: 'enr_1',
      user,
      kept: JSON.parse(JSON.stringify(kept)) as unknown,
    });
    const link = new URL((setup as { uri: string }).uri);
    expect(link.href.startsWith('factorgate://pair?')).toBe(true);
    expect(Object.fromEntries(link.searchParams)).toEqual({ token: pairingToken, gateway: GATEWAY });
    expect(Buffer.from(pairingToken ?? '', 'base64url')).toHaveLength(32);
  });
});

describe('a push', () => {
  it('carries an opaque id, and neither the number nor the nonce', async () => {
    const phone = await pairedPhone();
    const { kept, send, sentTo } = await kind.driver.issue(phone.factor, request);
    const { number, nonce } = keptApproval.parse(kept);
    expect(sentTo).toBe('Pixel 9');
    expect(send).toHaveLength(1);
    expect(send?.[0]).toMatchObject({ channel: 'push', to: phone.id, expiresAt: after(NOW, seconds(120)) });
    expect(send?.[0]?.data).toEqual({
      type: 'MFA_CHALLENGE',
      challenge: request.challengeId,
      appName: 'Example App',
      timestamp: String(NOW.getTime()),
    });
    const words = Object.values({ ...send?.[0]?.data, text: send?.[0]?.text, subject: send?.[0]?.subject });
    expect(words).not.toContain(number);
    expect(JSON.stringify(send)).not.toContain(nonce);
  });

  it('may ask for any number of two digits', () => {
    const device = { id: 'dev_1', name: 'Pixel 9' };
    const drawn = (below: Chance['below']) => newApproval(device, request, { ...chance, below }).number;
    expect([drawn(() => 0), drawn(() => 7), drawn((bound) => bound - 1)]).toEqual(['00', '07', '99']);
  });

  it('is approved by the device that was asked', async () => {
    const phone = await pairedPhone();
    const { kept } = await kind.driver.issue(phone.factor, request);
    expect(await consumed(await approve(phone, JSON.parse(JSON.stringify(kept))))).toBe(true);
  });

  it('is not approved by the device of another factor', async () => {
    const [asked, other] = [await pairedPhone(), await pairedPhone()];
    const { kept } = await kind.driver.issue(asked.factor, request);
    expect(await consumed(await approve({ ...other, factor: asked.factor }, kept))).toBe(false);
    expect(await consumed(await approve(other, kept))).toBe(false);
  });

  it('is not approved once the device is revoked or its factor removed, even after the verdict', async () => {
    for (const change of [
      'UPDATE device SET revoked_at = gateway_now() WHERE factor_id = $1',
      'UPDATE factor SET revoked_at = gateway_now() WHERE id = $1',
    ]) {
      const phone = await pairedPhone();
      const { kept } = await kind.driver.issue(phone.factor, request);
      const early = await approve(phone, kept);
      expect(early.accepted).toBe(true);
      await database.affected(change, [phone.factor.id]);
      expect(await consumed(early)).toBe(false);
      expect((await approve(phone, kept)).accepted).toBe(false);
      await expect(kind.driver.issue(phone.factor, request)).rejects.toMatchObject({
        code: 'FACTOR_NOT_AVAILABLE',
      });
    }
  });
});

describe('the credential of a device', () => {
  let phone: Phone;
  let counter = 0;
  beforeAll(async () => {
    phone = await pairedPhone();
  });

  const credential = (payload: object = {}, header: object = {}, signer: Keys = phone): Promise<string> => {
    const claims = { aud: GATEWAY, iat: iat(), exp: iat() + 60, jti: `jti-${String((counter += 1))}` };
    return sign(signer, { typ: 'device+jwt', kid: phone.id, ...header }, { ...claims, ...payload });
  };
  const authenticate = async (jws: string | Promise<string>) => kind.authenticateDevice?.(await jws);
  const isRefused = (jws: string | Promise<string>) =>
    expect(authenticate(jws)).rejects.toMatchObject({ code: 'UNAUTHENTICATED', message: 'Please sign in.' });

  it('says which device calls', async () => {
    expect(await authenticate(credential())).toMatchObject({
      kind: 'device',
      deviceId: phone.id,
      factorId: phone.factor.id,
      userId: phone.factor.userId,
    });
  });

  it('is accepted once, even when shown twenty times at the same instant', async () => {
    const jws = await credential();
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => authenticate(jws)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it.each([
    ['for another gateway', { aud: 'https://id.example.org' }],
    ['that lives longer than a minute', { exp: NOW.getTime() / 1000 + 61 }],
    ['that never ends', { exp: undefined }],
    ['that ends before it begins', { exp: NOW.getTime() / 1000 - 1 }],
    ['without a jti', { jti: undefined }],
    ['with a long jti', { jti: 'x'.repeat(65) }],
    ['with a claim nobody knows', { scope: 'all' }],
  ])('is refused if it is one %s', (_, payload) => isRefused(credential(payload)));

  it.each([
    ['another type', { typ: 'approval+jwt' }],
    ['no device', { kid: undefined }],
    ['a device that does not exist', { kid: 'dev_00000000000000000000000000' }],
    ['something that is no id', { kid: "dev_' OR true --" }],
    ['a key of its own', { jwk: {} }],
    ['an address of keys', { jku: 'https://evil.example/keys' }],
  ])('is refused if its header names %s', (_, header) => isRefused(credential({}, header)));

  it('may come from a clock 30 seconds off, not more', async () => {
    const ahead = (by: number) => credential({ iat: iat() + by, exp: iat() + by + 60 });
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
    const gone = await pairedPhone();
    const caller = await authenticate(credential({}, { kid: gone.id }, gone));
    if (!caller) throw new Error('not accepted');
    expect(await kind.isDeviceStanding?.(caller)).toBe(true);
    await database.affected('UPDATE device SET revoked_at = gateway_now() WHERE id = $1', [gone.id]);
    expect(await kind.isDeviceStanding?.(caller)).toBe(false);
    await isRefused(credential({}, { kid: gone.id }, gone));
  });

  it('leaves a trace at most once a minute', async () => {
    const seen = async () =>
      (await database.row<{ lastSeenAt: Date }>('SELECT last_seen_at FROM device WHERE id = $1', [phone.id]))
        ?.lastSeenAt;
    await authenticate(credential());
    const first = await seen();
    await authenticate(credential());
    expect(await seen()).toEqual(first);
    await database.affected(`UPDATE device SET last_seen_at = last_seen_at - interval '61 s' WHERE id = $1`, [
      phone.id,
    ]);
    await authenticate(credential());
    expect((await seen())?.getTime()).toBeGreaterThanOrEqual(first?.getTime() ?? Infinity);
  });

  it('is forgotten only when its age alone refuses it', async () => {
    await database.affected('DELETE FROM device_jti');
    const remember = (jti: string, ago: string) =>
      database.affected('INSERT INTO device_jti VALUES ($1, $2, gateway_now() - $3::interval)', [
        phone.id,
        jti,
        ago,
      ]);
    await remember('old', '11 minutes');
    await remember('recent', '9 minutes');
    expect(await kind.sweep?.()).toBe(1);
    expect(await database.rows('SELECT jti FROM device_jti')).toEqual([{ jti: 'recent' }]);
  });
});
