/**
 * The attack: naming another client address in a header, so that a sign-in looks as if it came from the
 * victim's own city: on the phone that is asked, in the list of sessions and to the rules on places.
 * The guarantee: the place is that of the socket's peer, or of the right-most hop that no listed proxy owns.
 */
import { embedded } from '../support/backends';
import { maxmindCity, placesFile } from '../support/mmdb';
import { userWithPhone } from '../support/phones';
import { PASSWORD, World } from '../support/world';

const VICTIMS = '203.0.113.9';
const ATTACKERS = '198.51.100.7';
const BRAZIL = { ipAddress: ATTACKERS, location: 'Brazil' };
const NOWHERE = { ipAddress: '127.0.0.1', location: null };
const CONTEXT = 'context { ipAddress location }';

const SPOOFED: Readonly<Record<string, string>> = {
  'x-forwarded-for': VICTIMS,
  forwarded: `for=${VICTIMS};proto=https`,
  'x-real-ip': VICTIMS,
  'cf-connecting-ip': VICTIMS,
  'true-client-ip': VICTIMS,
};

const open = (environment: Readonly<Record<string, string>>) =>
  World.open(embedded, {
    environment: {
      PLACES_FILE: placesFile({
        '203.0.113.0/24': maxmindCity('CH', 'Zurich', 47.37, 8.54),
        '198.51.100.0/24': { country_code: 'BR' },
        // Even a file that knows the proxies names no place for them.
        '127.0.0.0/8': { country_code: 'CH' },
        '10.0.0.0/8': { country_code: 'CH' },
      }),
      ...environment,
    },
  });

/** What the session of a sign-in with these headers says of itself; the audit log must say the same. */
async function seen(world: World, headers: Readonly<Record<string, string>>): Promise<unknown> {
  const user = await world.user();
  const input = { email: user.email, password: PASSWORD };
  const got = await world.a.mutate('signIn', input, `tokens { session { ${CONTEXT} } }`, { headers });
  const { context } = got.tokens.session;
  const logged = await world.database.rows<{ context: unknown }>(
    'SELECT context FROM audit_event WHERE user_id = $1 AND context IS NOT NULL',
    [user.id],
  );
  expect(logged.length).toBeGreaterThan(0);
  for (const event of logged) expect(event.context).toMatchObject(context as object);
  return context;
}

describe('RSK-02 without a listed proxy', () => {
  let world: World;
  beforeAll(async () => (world = await open({ TRUST_PROXY: '10.0.0.0/8' })));
  afterAll(() => world.close());

  it.each(Object.keys(SPOOFED))('%s changes neither address nor place', async (name) => {
    expect(await seen(world, { [name]: SPOOFED[name] ?? '' })).toEqual(NOWHERE);
  });

  it('all of these headers together change neither', async () => {
    expect(await seen(world, SPOOFED)).toEqual(NOWHERE);
  });
});

describe('RSK-02 behind a listed proxy', () => {
  let world: World;
  beforeAll(async () => (world = await open({ TRUST_PROXY: '127.0.0.1, 10.0.0.0/8' })));
  afterAll(() => world.close());

  it('the proxy names address and place, by X-Forwarded-For alone', async () => {
    expect(await seen(world, { ...SPOOFED, 'x-forwarded-for': ATTACKERS })).toEqual(BRAZIL);
    const zurich = { ipAddress: VICTIMS, location: 'Zurich, Switzerland' };
    expect(await seen(world, { 'x-forwarded-for': VICTIMS })).toEqual(zurich);
    const others = Object.entries(SPOOFED).filter(([name]) => name !== 'x-forwarded-for');
    expect(await seen(world, Object.fromEntries(others))).toEqual(NOWHERE);
  });

  it('the right-most hop that no listed proxy owns counts, whatever is written left of it', async () => {
    for (const left of [VICTIMS, `${VICTIMS}, ${VICTIMS}`, '10.0.0.1', '127.0.0.1'])
      for (const right of ['', ', 10.1.2.3'])
        expect(await seen(world, { 'x-forwarded-for': `${left}, ${ATTACKERS}${right}` })).toEqual(BRAZIL);
  });

  it('the phone that is asked reads the same address and place', async () => {
    const { user, phone, deviceToken } = await userWithPhone(world);
    const input = { email: user.email, password: PASSWORD, deviceToken };
    const headers = { ...SPOOFED, 'x-forwarded-for': `${VICTIMS}, ${ATTACKERS}` };
    await world.a.mutate('signIn', input, 'flow { status }', { headers });
    const [asked] = await phone.approvals();
    expect(asked?.context).toMatchObject(BRAZIL);
  });
});
