import { NOW, facts, inDays, policy, rule } from '../../../../test/support/policy-facts';
import { decide } from '../decide';
import type { PolicyFacts, Place } from '../facts';
import type { PolicyRule, PolicyValues } from '../policy';

const TOTP = { factorKinds: ['TOTP'] };
const DAY = 86_400_000;

const signals = (given: Partial<PolicyFacts>, values: Partial<PolicyValues> = {}) =>
  decide(policy(values), facts(given)).signals;
/** What the policy rule found, if it applied. */
const found = (changes: Partial<PolicyRule>, given: Partial<PolicyFacts> = {}) =>
  decide(policy({ rules: [rule(changes)] }), facts(given)).findings.find((one) => one.rule === 'rules.test');
const applies = (changes: Partial<PolicyRule>, given: Partial<PolicyFacts> = {}): boolean =>
  found(changes, given) !== undefined;

describe('a new device', () => {
  test.each([
    [false, ['NEW_DEVICE']],
    [true, []],
    [null, []],
  ])('is one that is known not to be known: %s', (isDeviceKnown, expected) => {
    expect(signals({ isDeviceKnown })).toEqual(expected);
  });
});

describe('a new location', () => {
  const place: Place = { country: 'CH', city: 'Zurich', latitude: null, longitude: null };

  test.each([
    ['another place than before', place, false, ['NEW_LOCATION']],
    ['a place from before', place, true, []],
    ['the first place ever', place, null, []],
    ['no place', null, null, []],
  ])('%s', (_, where, isPlaceKnown, expected) => {
    expect(signals({ place: where, isPlaceKnown })).toEqual(expected);
  });

  test('is named to the administrator', () => {
    const { findings } = decide(policy(), facts({ place, isPlaceKnown: false }));
    expect(findings.at(-1)?.explanation).toContain('Zurich, CH');
  });
});

describe('impossible travel', () => {
  const at = (latitude: number | null, longitude: number | null): Place => ({
    country: 'XX',
    city: null,
    latitude,
    longitude,
  });
  const zurich = at(47.37, 8.54);
  const travel = (from: Place, to: Place, hours: number) =>
    signals({
      place: to,
      isPlaceKnown: true,
      lastPlace: { ...from, at: new Date(NOW.getTime() - hours * 3_600_000) },
    }).includes('IMPOSSIBLE_TRAVEL');

  test.each<[string, Place, Place, number, boolean]>([
    ['Zurich to New York in 8 hours', zurich, at(40.71, -74.01), 8, false],
    ['Zurich to New York in 6 hours', zurich, at(40.71, -74.01), 6, true],
    ['Zurich to New York in no time', zurich, at(40.71, -74.01), 0, true],
    ['Zurich to New York, by a clock that went back', zurich, at(40.71, -74.01), -5, true],
    ['490 km in no time: too near to tell', at(0, 0), at(0, 4.4), 0, false],
    ['510 km in no time', at(0, 0), at(0, 4.6), 0, true],
    ['across the date line, 445 km', at(0, 178), at(0, -178), 0, false],
    ['across the date line, 668 km', at(0, 177), at(0, -177), 0, true],
    ['over the pole, 445 km', at(88, 0), at(88, 180), 0, false],
    ['to the other side of the world in 22 hours', at(0, 0), at(0, 180), 22, true],
    ['to the other side of the world in 23 hours', at(0, 0), at(0, 180), 23, false],
    ['the same place in no time', zurich, zurich, 0, false],
    ['without coordinates here', zurich, at(null, null), 0, false],
    ['without coordinates there', at(null, null), zurich, 0, false],
    ['to null island, whose coordinates are zero', zurich, at(0, 0), 0, true],
  ])('%s', (_, from, to, hours, expected) => {
    expect(travel(from, to, hours)).toBe(expected);
  });

  test('needs two places', () => {
    expect(signals({ place: zurich })).toEqual([]);
    expect(signals({ lastPlace: { ...zurich, at: NOW } })).toEqual([]);
  });
});

describe('long inactivity', () => {
  test.each<[string, Partial<PolicyFacts>, string[]]>([
    ['90 days', { lastActiveAt: inDays(-90) }, ['LONG_INACTIVITY']],
    ['a millisecond less', { lastActiveAt: new Date(inDays(-90).getTime() + 1) }, []],
    ['a moment ahead of the clock', { lastActiveAt: inDays(1) }, []],
    ['90 days, at a step-up', { lastActiveAt: inDays(-90), purpose: 'STEP_UP' }, []],
  ])('%s', (_, given, expected) => expect(signals(given)).toEqual(expected));

  test('is as long as the policy says', () => {
    const lastActiveAt = new Date(NOW.getTime() - 7 * DAY);
    expect(signals({ lastActiveAt }, { inactivityDays: 7 })).toEqual(['LONG_INACTIVITY']);
    expect(signals({ lastActiveAt }, { inactivityDays: 8 })).toEqual([]);
  });
});

describe('a listed network', () => {
  const listedNetworks = ['198.51.100.0/24', '2001:db8::/32'];

  test.each([
    ['198.51.100.9', ['LISTED_NETWORK']],
    ['::ffff:198.51.100.9', ['LISTED_NETWORK']],
    ['2001:db8::9', ['LISTED_NETWORK']],
    ['203.0.113.7', []],
    [null, []],
  ])('%s', (ipAddress, expected) => expect(signals({ ipAddress }, { listedNetworks })).toEqual(expected));
});

describe('a sensitive action', () => {
  const action = { name: 'payments.send', maxAgeSeconds: 0, isSingleUse: false } as const;
  const level = (name: string, values: Partial<PolicyValues>) =>
    decide(policy(values), facts({ ...TOTP, purpose: 'STEP_UP', action: name })).requiredAssurance;

  test('STP-04 needs the level that the policy names for it, and never less than everything else', () => {
    const actions = [{ ...action, minimumAssurance: 'AAL2_PHR' }] as const;
    expect(level('payments.send', { actions })).toBe('AAL2_PHR');
    expect(level('payments.sent', { actions })).toBe('AAL2');
    const weaker = [{ ...action, minimumAssurance: 'AAL2' }] as const;
    expect(level('payments.send', { actions: weaker, minimumAssurance: 'AAL2_PHR' })).toBe('AAL2_PHR');
  });

  test('is required of whoever has no factor, also where it is unknown', () => {
    const decision = decide(policy(), facts({ purpose: 'STEP_UP', action: 'x', enrollmentDueAt: inDays(5) }));
    expect(decision).toMatchObject({
      requiredAssurance: 'AAL2',
      promptReasons: ['STEP_UP'],
      signals: ['SENSITIVE_ACTION'],
    });
  });
});

describe('the rules of the policy', () => {
  const admin = { roles: ['ADMIN'] } as const;
  const listed = { ipAddress: '198.51.100.9' };

  test.each<[string, Partial<PolicyRule>, Partial<PolicyFacts>, boolean]>([
    ['no condition', {}, {}, true],
    ['empty conditions', { roles: [], clientIds: [], networks: [], signals: [] }, {}, true],
    ['the role', { roles: ['ADMIN'] }, admin, true],
    ['one of the roles', { roles: ['HELP_DESK', 'ADMIN'] }, { roles: ['HELP_DESK'] }, true],
    ['a role above', { roles: ['USER'] }, admin, true],
    ['a role below', { roles: ['ADMIN'] }, { roles: ['HELP_DESK'] }, false],
    ['the application', { clientIds: ['bank'] }, { clientId: 'bank' }, true],
    ['another application', { clientIds: ['bank'] }, {}, false],
    ['the network', { networks: ['198.51.100.0/24'] }, listed, true],
    ['another network', { networks: ['198.51.100.0/24'] }, {}, false],
    ['an unknown address', { networks: ['0.0.0.0/0'] }, { ipAddress: null }, false],
    ['a signal', { signals: ['NEW_DEVICE'] }, { isDeviceKnown: false }, true],
    ['another signal', { signals: ['NEW_LOCATION'] }, { isDeviceKnown: false }, false],
    ['all of several', { roles: ['ADMIN'], networks: ['198.51.100.0/24'] }, { ...admin, ...listed }, true],
    ['one of several', { roles: ['ADMIN'], networks: ['198.51.100.0/24'] }, admin, false],
  ])('%s', (_, changes, given, expected) => expect(applies(changes, given)).toBe(expected));

  test.each<[string, Partial<PolicyRule>, Partial<PolicyFacts>, string]>([
    ['ALWAYS', {}, {}, 'ENFORCE'],
    ['OPTIONAL', { requirement: 'OPTIONAL' }, {}, 'ASK'],
    ['WHEN_RISKY with nothing unusual', { requirement: 'WHEN_RISKY' }, {}, 'NOTE'],
    ['WHEN_RISKY with a signal', { requirement: 'WHEN_RISKY' }, { isDeviceKnown: false }, 'ASK'],
    ['blocking', { isBlocking: true, requirement: 'OPTIONAL' }, {}, 'BLOCK'],
  ])('%s', (_, changes, given, effect) => expect(found(changes, given)?.effect).toBe(effect));

  test('a signal that the policy ignores is none for its rules', () => {
    const riskResponses = { ...policy().riskResponses, NEW_DEVICE: 'IGNORE' } as const;
    const rules = [rule({ signals: ['NEW_DEVICE'] })];
    const { findings } = decide(policy({ riskResponses, rules }), facts({ isDeviceKnown: false }));
    expect(findings.map((one) => one.rule)).not.toContain('rules.test');
  });

  test('DEV-06 a rule that looks at signals is not spared by a remembered browser, another one is', () => {
    expect(found({ signals: ['NEW_DEVICE'] }, { isDeviceKnown: false })?.isSparedByDevice).toBe(false);
    expect(found({ roles: ['USER'] })?.isSparedByDevice).toBe(true);
  });
});
