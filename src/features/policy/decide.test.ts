import { NOW, facts, inDays, policy, rule } from '../../../test/support/policy-facts';
import { decide } from './decide';
import type { PolicyFacts } from './facts';
import type { PolicyValues, RiskResponse } from './policy';

const TOTP = { factorKinds: ['TOTP'] };
const OPTIONAL = { requirement: 'OPTIONAL' } as const;
const WHEN_RISKY = { requirement: 'WHEN_RISKY' } as const;
const IN_GRACE = { enrollmentDueAt: inDays(10) };
const OVERDUE = { enrollmentDueAt: inDays(-10) };
const ROBOT = { accountType: 'SERVICE' } as const;
const REMEMBERED = { deviceRememberedUntil: inDays(10) };
const NEW_DEVICE = { isDeviceKnown: false };

const newDevice = (response: RiskResponse): Partial<PolicyValues> => ({
  riskResponses: { ...policy().riskResponses, NEW_DEVICE: response },
});
const decided = (values: Partial<PolicyValues>, given: Partial<PolicyFacts>) =>
  decide(policy(values), facts(given));

type Row = readonly [string, Partial<PolicyValues>, Partial<PolicyFacts>, 'AAL1' | 'AAL2'];

describe('what is required', () => {
  test.each<Row>([
    ['everybody, no factor, never due: due now', {}, {}, 'AAL2'],
    ['everybody, no factor, in grace', {}, IN_GRACE, 'AAL1'],
    ['everybody, no factor, after grace', {}, OVERDUE, 'AAL2'],
    ['everybody, no factor, at the deadline to the instant', {}, { enrollmentDueAt: NOW }, 'AAL2'],
    ['everybody, a factor: grace does not spare whoever has one', {}, { ...TOTP, ...IN_GRACE }, 'AAL2'],
    ['optional, no factor', OPTIONAL, {}, 'AAL1'],
    ['optional, no factor, a deadline of old', OPTIONAL, OVERDUE, 'AAL1'],
    ['optional, a factor', OPTIONAL, TOTP, 'AAL2'],
    ['when risky, a factor, nothing unusual', WHEN_RISKY, TOTP, 'AAL1'],
    ['when risky, a factor, a new device', WHEN_RISKY, { ...TOTP, ...NEW_DEVICE }, 'AAL2'],
    ['when risky, no factor, a new device', WHEN_RISKY, NEW_DEVICE, 'AAL1'],
    ['when risky, a factor, a step-up', WHEN_RISKY, { ...TOTP, purpose: 'STEP_UP' }, 'AAL2'],
  ])('ENR-07 %s', (_, values, given, required) => {
    expect(decided(values, given).requiredAssurance).toBe(required);
  });

  test.each<Row>([
    ['ignored: whoever has a factor is not asked for it', newDevice('IGNORE'), TOTP, 'AAL1'],
    ['ignored: nobody else either', newDevice('IGNORE'), {}, 'AAL1'],
    ['answered by asking: whoever has a factor', newDevice('PROMPT_MFA'), TOTP, 'AAL2'],
    ['answered by asking: nobody else', newDevice('PROMPT_MFA'), {}, 'AAL1'],
    ['answered by requiring: whoever has a factor', newDevice('REQUIRE_MFA'), TOTP, 'AAL2'],
    ['answered by requiring: also whoever has none', newDevice('REQUIRE_MFA'), {}, 'AAL2'],
    ['answered by requiring: also in grace', newDevice('REQUIRE_MFA'), IN_GRACE, 'AAL2'],
  ])('RSK-01 a new device, %s', (_, values, given, required) => {
    const decision = decided({ ...WHEN_RISKY, ...values }, { ...NEW_DEVICE, ...given });
    expect(decision).toMatchObject({
      requiredAssurance: required,
      isBlocked: false,
      signals: ['NEW_DEVICE'],
    });
  });

  test('RSK-01 a blocked signal blocks everybody, whatever they have', () => {
    for (const given of [TOTP, {}, IN_GRACE, ROBOT, { ...TOTP, ...REMEMBERED }])
      expect(decided(newDevice('BLOCK'), { ...NEW_DEVICE, ...given }).isBlocked).toBe(true);
    expect(decided(newDevice('BLOCK'), {}).isBlocked).toBe(false);
  });
});

describe('grace', () => {
  test('ENR-08 says until when, only while it is what lets the user pass', () => {
    expect(decided({}, IN_GRACE).enrollmentDueAt).toEqual(IN_GRACE.enrollmentDueAt);
    const without: [Partial<PolicyValues>, Partial<PolicyFacts>][] = [
      [{}, { ...IN_GRACE, ...TOTP }],
      [{}, OVERDUE],
      [OPTIONAL, IN_GRACE],
      [{}, { ...IN_GRACE, ...ROBOT }],
      [newDevice('REQUIRE_MFA'), { ...IN_GRACE, ...NEW_DEVICE }],
    ];
    for (const [values, given] of without) expect(decided(values, given).enrollmentDueAt).toBeNull();
  });

  test('ENR-08 is asked of the deadline that is stored, not of the days that the policy now has', () => {
    expect(decided({ enrollmentGraceDays: 0 }, IN_GRACE).requiredAssurance).toBe('AAL1');
    expect(decided({ enrollmentGraceDays: 90 }, OVERDUE).requiredAssurance).toBe('AAL2');
  });

  test('ENR-07 what an application asks for is required in grace too', () => {
    const decision = decided({}, { ...IN_GRACE, requestedAssurance: 'AAL2' });
    expect(decision).toMatchObject({ requiredAssurance: 'AAL2', promptReasons: ['STEP_UP'] });
  });

  test.each([
    ['no factor, 90 days', { lastActiveAt: inDays(-90) }, true],
    ['no factor, a second less', { lastActiveAt: new Date(inDays(-90).getTime() + 1000) }, false],
    ['no factor, 90 days, in grace', { lastActiveAt: inDays(-90), ...IN_GRACE }, false],
    ['a factor, 900 days', { lastActiveAt: inDays(-900), ...TOTP }, false],
  ])('ENR-09 dormant: %s', (_, given, isDormant) => {
    expect(decided({}, given).isDormant).toBe(isDormant);
  });
});

describe('an account whose factors the help desk took away (ENR-11)', () => {
  const closed = { isEnrollmentClosed: true };

  test.each<[string, Partial<PolicyValues>, Partial<PolicyFacts>]>([
    ['whatever the policy', OPTIONAL, {}],
    ['in grace', {}, IN_GRACE],
    ['from a browser that is remembered', OPTIONAL, REMEMBERED],
    ['of a service account', {}, ROBOT],
    ['while the policy asks only when risky', WHEN_RISKY, {}],
  ])('is opened neither by its password nor by an enrollment with it, %s', (_, values, given) => {
    expect(decided(values, { ...given, ...closed })).toMatchObject({
      requiredAssurance: 'AAL2',
      isDormant: true,
      isSpared: false,
      enrollmentDueAt: null,
    });
  });

  test('is as any other once it has a factor', () => {
    expect(decided({}, { ...TOTP, ...closed }).isDormant).toBe(false);
    expect(decided({}, { ...TOTP, ...REMEMBERED, ...closed }).requiredAssurance).toBe('AAL1');
  });

  test('stays closed where the policy cannot be read', () => {
    expect(decide(null, facts(closed))).toMatchObject({ requiredAssurance: 'AAL2', isDormant: true });
  });
});

describe('service accounts', () => {
  test('that are left out are never made to enroll, and are asked for what they have enrolled', () => {
    for (const given of [{}, OVERDUE, NEW_DEVICE])
      expect(decided(newDevice('REQUIRE_MFA'), { ...ROBOT, ...given }).requiredAssurance).toBe('AAL1');
    expect(decided({}, { ...ROBOT, ...TOTP }).requiredAssurance).toBe('AAL2');
    expect(decided({ rules: [rule()] }, ROBOT).requiredAssurance).toBe('AAL1');
  });

  test('that are not left out are like everybody', () => {
    expect(decided({ excludesServiceAccounts: false }, ROBOT).requiredAssurance).toBe('AAL2');
  });

  test('still need what the application itself asks for', () => {
    expect(decided({}, { ...ROBOT, requestedAssurance: 'AAL2' }).requiredAssurance).toBe('AAL2');
  });
});

describe('a remembered browser', () => {
  const known = { ...TOTP, ...REMEMBERED };

  test('DEV-04 stands in for the second factor of an ordinary sign-in', () => {
    for (const values of [{}, OPTIONAL, { rules: [rule({ roles: ['USER'] })] }])
      expect(decided(values, known)).toMatchObject({
        isSpared: true,
        requiredAssurance: 'AAL1',
        promptReasons: [],
      });
  });

  test.each<[string, Partial<PolicyValues>, Partial<PolicyFacts>]>([
    ['when a risk is answered by asking', {}, NEW_DEVICE],
    ['when a risk is answered by requiring', newDevice('REQUIRE_MFA'), NEW_DEVICE],
    ['when the application asks for more', {}, { requestedAssurance: 'AAL2' }],
    ['when a rule looks at signals', { rules: [rule({ signals: ['NEW_DEVICE'] })] }, NEW_DEVICE],
    ['when the policy remembers none', { rememberDeviceDays: 0 }, {}],
    ['when its days are over, to the instant', {}, { deviceRememberedUntil: NOW }],
  ])('DEV-06 does not help %s', (_, values, given) => {
    expect(decided(values, { ...known, ...given })).toMatchObject({
      isSpared: false,
      requiredAssurance: 'AAL2',
    });
  });

  test('DEV-06 spares nobody who has no factor: enforcement stands', () => {
    expect(decided({}, { ...REMEMBERED, ...OVERDUE })).toMatchObject({
      isSpared: false,
      requiredAssurance: 'AAL2',
    });
  });

  test('is offered for the days of the policy, at sign-ins only', () => {
    expect(decided({}, TOTP).rememberDeviceDays).toBe(30);
    expect(decided({ rememberDeviceDays: 0 }, TOTP).rememberDeviceDays).toBeNull();
    expect(decided({}, { ...TOTP, purpose: 'STEP_UP' }).rememberDeviceDays).toBeNull();
    expect(decided({}, { ...TOTP, requestedAssurance: 'AAL2_PHR' }).rememberDeviceDays).toBeNull();
  });
});

describe('level and kinds', () => {
  test('the strongest of all that is asked counts', () => {
    expect(decided({ minimumAssurance: 'AAL2_PHR' }, TOTP).requiredAssurance).toBe('AAL2_PHR');
    expect(decided({}, { ...TOTP, requestedAssurance: 'AAL2_PHR' }).requiredAssurance).toBe('AAL2_PHR');
    const strict = { rules: [rule({ minimumAssurance: 'AAL2_PHR', roles: ['ADMIN'] })] } as const;
    expect(decided(strict, { ...TOTP, roles: ['ADMIN'] }).requiredAssurance).toBe('AAL2_PHR');
    expect(decided(strict, TOTP).requiredAssurance).toBe('AAL2');
  });

  test('an application cannot ask for less than the policy', () => {
    expect(decided({}, { ...TOTP, requestedAssurance: 'AAL1' }).requiredAssurance).toBe('AAL2');
  });

  test('SMS-08 without a list all kinds but those that are off by default may be used', () => {
    const { allowedKinds } = decided({}, TOTP);
    expect(allowedKinds).toEqual(expect.arrayContaining(['TOTP', 'PUSH', 'SMS', 'BACKUP_CODE']));
  });

  test('SMS-08 a rule narrows the kinds, two rules to what both allow, and none widens them', () => {
    const kinds = (allowedKinds: string[] | null, ...rules: string[][]) =>
      decided(
        {
          allowedKinds,
          rules: rules.map((of, index) => rule({ name: String(index), allowedKinds: of })),
        },
        TOTP,
      ).allowedKinds;
    expect(kinds(null, ['TOTP', 'PUSH'])).toEqual(expect.arrayContaining(['TOTP', 'PUSH']));
    expect(kinds(null, ['TOTP', 'PUSH'])).toHaveLength(2);
    expect(kinds(null, ['TOTP', 'PUSH'], ['PUSH', 'SMS'])).toEqual(['PUSH']);
    expect(kinds(['TOTP'], ['TOTP', 'SMS'])).toEqual(['TOTP']);
    expect(kinds(null, ['TOTP'], ['PUSH'])).toEqual([]);
  });
});

describe('a policy that cannot be read (ENR-13)', () => {
  test('requires a second factor of everybody, whatever would spare them', () => {
    for (const given of [{}, IN_GRACE, TOTP, ROBOT, { ...TOTP, ...REMEMBERED }])
      expect(decide(null, facts(given))).toMatchObject({
        requiredAssurance: 'AAL2',
        isSpared: false,
        isBlocked: false,
        enrollmentDueAt: null,
        rememberDeviceDays: null,
        promptReasons: ['POLICY'],
      });
  });
});

describe('the findings', () => {
  test('RSK-04 name every rule that found something, with words; the reasons name each cause once', () => {
    const rules = [rule({ name: 'staff' }), rule({ name: 'office', networks: ['203.0.113.0/24'] })];
    const decision = decided({ rules }, { ...TOTP, ...NEW_DEVICE, action: 'payments.send' });
    expect(decision.findings.map((one) => one.rule)).toEqual([
      'enrolled-factor',
      'enforcement',
      'sensitive-action',
      'new-device',
      'rules.staff',
      'rules.office',
    ]);
    for (const { explanation } of decision.findings) expect(explanation).toMatch(/^[A-Z].*\.$/);
    expect(decision.promptReasons).toEqual(['POLICY', 'STEP_UP', 'NEW_DEVICE']);
  });

  test('RSK-01 a rule only adds: with any rule the level is never lower, nor anybody blocked less', () => {
    const given = [facts(), facts(TOTP), facts({ ...TOTP, ...REMEMBERED }), facts(IN_GRACE), facts(ROBOT)];
    const rank = (level: string) => ['AAL1', 'AAL2', 'AAL2_PHR', 'AAL3'].indexOf(level);
    for (const requirement of ['OPTIONAL', 'WHEN_RISKY', 'ALWAYS'] as const)
      for (const one of given)
        for (const demanded of ['OPTIONAL', 'WHEN_RISKY', 'ALWAYS'] as const) {
          const before = decide(policy({ requirement }), one);
          const after = decide(policy({ requirement, rules: [rule({ requirement: demanded })] }), one);
          expect(rank(after.requiredAssurance)).toBeGreaterThanOrEqual(rank(before.requiredAssurance));
          expect(after.isDormant).toBe(before.isDormant);
        }
  });
});
