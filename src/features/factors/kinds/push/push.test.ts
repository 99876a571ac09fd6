import { CompactSign, exportJWK, generateKeyPair, type CryptoKey } from 'jose';
import pino from 'pino';
import { type Chance, type Clock, after, newId, seconds } from '../../../../kernel';
import { InProcessBus, Keyring, systemChance, type Database } from '../../../../platform';
import { describeOnEachBackend, type Backend, type OpenBackend } from '../../../../../test/support/backends';
import type {
  DevicePort,
  EnrollmentInput,
  FactorDeps,
  FactorKindAtWork,
  FactorRef,
  Verdict,
} from '../../contract';
import { push } from '.';
import { keptApproval, newApproval } from './approval';
import type { PushProof } from './push.driver';
import { registration } from './registration';

const NOW = new Date('2026-11-24T09:30:00Z');
const GATEWAY = 'https://id.example.com';
const NO_INPUT: EnrollmentInput = {
  label: null,
  phoneNumber: null,
  defaultCountry: null,
  email: null,
  context: { ipAddress: null, location: null, browser: null, operatingSystem: null },
};
const clock: Clock & { at: Date } = { at: NOW, now: () => clock.at };
const chance: Chance = systemChance;
// The engine's part is not under test: the driver is called as the engine calls it.
const noEngine = new Proxy({} as DevicePort, { get: () => () => Promise.reject(new Error('not asked')) });

let backend: OpenBackend;
let database: Database;
let kind: FactorKindAtWork<PushProof>;

async function open(on: Backend): Promise<void> {
  backend = await on.open();
  database = backend.database;
  const deps = {
    clock,
    chance,
    keyring: new Keyring([{ version: 'v1', secret: chance.bytes(32) }], chance),
    sql: database,
    bus: new InProcessBus(),
    log: pino({ level: 'silent' }),
    publicUrl: GATEWAY,
    devices: noEngine,
  };
  kind = push.create(deps as unknown as FactorDeps);
}

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
  await database.affected(
    `INSERT INTO users (id, account_type, email, email_key, roles, status)
     VALUES ($1, 'PERSON', $1, $1, '{USER}', 'ACTIVE')`,
    [factor.userId],
  );
  await database.affected(`INSERT INTO factor (id, user_id, kind) VALUES ($1, $2, 'PUSH')`, [
    factor.id,
    factor.userId,
  ]);
  return factor;
}

async function register(factor: FactorRef, keys: Keys): Promise<Verdict> {
  const user = { id: factor.userId, email: 'ada@example.com', locale: null };
  const { kept, pairingToken = '' } = await kind.driver.enroll(user, NO_INPUT);
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
  flowId: 'flw_00000000000000000000000001',
  purpose: 'SIGN_IN' as const,
  applicationName: 'Example App',
  message: null,
  numberDigits: 2,
  locale: null,
  context: { ipAddress: '192.0.2.1', location: null, browser: null, operatingSystem: null },
};

async function approve(phone: Phone, kept: unknown): Promise<Verdict> {
  const { challengeId, nonce, number } = keptApproval.parse(kept);
  const payload = { aud: GATEWAY, iat: iat(), approvalId: challengeId, nonce, decision: 'APPROVE', number };
  const answer = await sign(phone, { typ: 'approval+jwt', kid: phone.id }, payload);
  return kind.driver.verify(phone.factor, kept, answer, clock.at);
}

describeOnEachBackend('push', (on) => {
  beforeAll(() => open(on));
  afterAll(() => backend.close());

  describe('pairing', () => {
    it('registers a device by its key, and keeps the push token sealed', async () => {
      const phone = await pairedPhone();
      const row = await database.row<Record<string, unknown>>('SELECT * FROM device WHERE id = $1', [
        phone.id,
      ]);
      expect(row).toMatchObject({
        name: 'Pixel 9',
        platform: 'ANDROID',
        algorithm: 'ES256',
        revokedAt: null,
      });
      expect(row?.publicJwk).not.toHaveProperty('d');
      expect(row?.pushToken).toMatch(/^s1\.v1\./);
    });

    it('takes a key once', async () => {
      const keys = await generateKeyPair('ES256');
      expect(await consumed(await register(await newFactor(), keys))).toBe(true);
      const again = await register(await newFactor(), keys);
      await expect(consumed(again)).rejects.toMatchObject({ code: 'FACTOR_ALREADY_ENROLLED' });
    });

    it('shows the token only as a link that the kept state can make again', async () => {
      const user = { id: 'usr_1', email: 'ada@example.com', locale: null };
      const { kept, pairingToken } = await kind.driver.enroll(user, NO_INPUT);
      const setup = push.graphql.setup?.({
        id: 'enr_1',
        user,
        sentTo: null,
        resendableAt: null,
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
});
