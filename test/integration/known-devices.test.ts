import type { ClientContext } from '../../src/kernel';
import { systemChance, type Database, type Keyring } from '../../src/platform';
import { KnownDevices } from '../../src/features/known-devices';
import { describeOnEachBackend, type OpenBackend } from '../support/backends';
import { CONTEXT, SESSION_FEATURES, SessionsWorld, keyring } from './sessions-world';

describeOnEachBackend('known devices', (backend) => {
  let database: Database;
  let opened: OpenBackend;
  let world: SessionsWorld;
  let devices: KnownDevices;
  let ada: string;

  beforeAll(async () => ({ database } = opened = await backend.open(SESSION_FEATURES)));
  afterAll(() => opened.close());
  beforeEach(async () => {
    world = await SessionsWorld.on(database);
    devices = withRing(keyring('v1'));
    ada = await world.user('usr_ada');
  });

  const withRing = (ring: Keyring) => new KnownDevices(database, ring, world.clock, systemChance);
  const note = (
    knownDeviceId: string | null = null,
    {
      userId = ada,
      context = CONTEXT,
      by = devices,
    }: { userId?: string; context?: ClientContext; by?: KnownDevices } = {},
  ) =>
    database.transaction(async (tx) => {
      await tx.rows('SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE', [userId]);
      return by.note(tx, { userId, knownDeviceId, context });
    });

  it('are recognised by their token', async () => {
    const { id, token } = await note();
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(await devices.recognise(ada, token)).toEqual({ id, rememberedUntil: null });
    expect(await database.row('SELECT label, remembered_until FROM known_device')).toEqual({
      label: 'Firefox 132 on Windows 11',
      rememberedUntil: null,
    });
  });

  it('are not recognised by any other token, nor by the token of another user', async () => {
    const { id, token } = await note();
    const bob = await world.user('usr_bob');
    const others = await note(null, { userId: bob });
    const [head, claims] = ['{"alg":"none"}', `{"sub":"${ada}"}`].map((part) => btoa(part));
    const unsigned = `${head ?? ''}.${claims ?? ''}.`;
    const wrong = [
      undefined,
      '',
      id,
      token.slice(0, -1),
      `${token}A`,
      'A'.repeat(43),
      'A'.repeat(10_000),
      unsigned,
      others.token,
    ];
    for (const presented of wrong) expect(await devices.recognise(ada, presented)).toBeUndefined();
    expect(await devices.recognise(bob, token)).toBeUndefined();
  });

  it('keep their token when they are used again, and show where they were used last', async () => {
    const { id, token } = await note();
    await world.pass(3600);
    const context = { ...CONTEXT, browser: 'Firefox 133', ipAddress: '198.51.100.9' };
    expect(await note(id, { context })).toEqual({ id, token });
    expect(await database.rows('SELECT label, last_used_at, context FROM known_device')).toEqual([
      { label: 'Firefox 133 on Windows 11', lastUsedAt: world.now, context },
    ]);
    expect(await devices.tokenOf(id)).toBe(token);
  });

  it('are stored without their token', async () => {
    const { token } = await note();
    const dump = JSON.stringify(await database.rows('SELECT known_device::text FROM known_device'));
    expect(dump).not.toContain(token);
    expect(dump).not.toContain(Buffer.from(token, 'base64url').toString('hex'));
  });

  it('that were forgotten or belong to another user become new ones', async () => {
    const { id, token } = await note();
    const bob = await world.user('usr_bob');
    const others = await note(id, { userId: bob });
    expect(others.id).not.toBe(id);
    await database.affected('UPDATE known_device SET revoked_at = gateway_now() WHERE id = $1', [id]);
    expect(await devices.recognise(ada, token)).toBeUndefined();
    expect(await devices.tokenOf(id)).toBeUndefined();
    expect((await note(id)).id).not.toBe(id);
  });

  it('give the same token under a newer key, and a new one when their key is gone', async () => {
    const { id, token } = await note();
    expect(await note(id, { by: withRing(keyring('v2', 'v1')) })).toEqual({ id, token });
    const later = withRing(keyring('v2'));
    expect(await later.recognise(ada, token)).toMatchObject({ id });
    expect(await later.tokenOf(id)).toBeUndefined();
    const renewed = await note(id, { by: later });
    expect(renewed.token).not.toBe(token);
    expect(await later.recognise(ada, renewed.token)).toMatchObject({ id: renewed.id });
  });

  it('are at most 50 per user, also when noted at the same instant; the oldest goes', async () => {
    const bob = await world.user('usr_bob');
    await note(null, { userId: bob });
    const first = await note();
    const second = await note();
    for (let n = 2; n < 50; n += 1) {
      await world.pass(1);
      await note();
    }
    await world.pass(1);
    await note(second.id);
    await note();
    expect(await devices.recognise(ada, first.token)).toBeUndefined();
    expect(await devices.recognise(ada, second.token)).toMatchObject({ id: second.id });
    await Promise.all(Array.from({ length: 8 }, () => note()));
    expect(await database.rows('SELECT 1 FROM known_device WHERE user_id = $1', [ada])).toHaveLength(50);
    expect(await database.rows('SELECT 1 FROM known_device WHERE user_id = $1', [bob])).toHaveLength(1);
  });
});
