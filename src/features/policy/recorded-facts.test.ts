import { cleanDetails } from '../events/audit-details';
import { decide } from './decide';
import type { PolicyFacts } from './facts';
import { DEFAULT_POLICY, type PolicyValues } from './policy';
import { factsFrom, recordedDecision } from './recorded-facts';

const facts: PolicyFacts = {
  purpose: 'SIGN_IN',
  at: new Date('2031-03-01T09:00:05.000Z'),
  accountType: 'PERSON',
  roles: ['USER', 'ADMIN'],
  factorKinds: ['TOTP', 'BACKUP_CODE'],
  enrollmentDueAt: new Date('2031-04-01T00:00:00.000Z'),
  isEnrollmentClosed: false,
  lastActiveAt: new Date('2031-02-01T00:00:00.000Z'),
  clientId: 'default',
  ipAddress: '203.0.113.7',
  isDeviceKnown: true,
  deviceRememberedUntil: new Date('2031-03-20T00:00:00.000Z'),
  place: { country: 'CH', city: 'Zürich', latitude: 47.37, longitude: 8.54 },
  isPlaceKnown: false,
  lastPlace: {
    country: 'SE',
    city: null,
    latitude: null,
    longitude: null,
    at: new Date('2031-02-28T00:00:00.000Z'),
  },
  requestedAssurance: 'AAL2',
  action: null,
};

/** As the audit log keeps and gives it. */
const kept = (values: PolicyValues | null, of: PolicyFacts = facts): object =>
  cleanDetails(
    recordedDecision({ decision: decide(values, of), facts: of, policy: values, version: values && 7 }),
  );

describe('the recorded facts of a decision (RSK-04)', () => {
  it('come back as they were, so that the same policy decides the same', () => {
    const got = factsFrom(kept(DEFAULT_POLICY));
    expect(got).toEqual({ policyVersion: 7, facts });
    expect(decide(DEFAULT_POLICY, got?.facts as PolicyFacts)).toEqual(decide(DEFAULT_POLICY, facts));
  });

  it('come back without places and times, and without a policy', () => {
    const bare: PolicyFacts = {
      ...facts,
      isEnrollmentClosed: false,
      enrollmentDueAt: null,
      deviceRememberedUntil: null,
      place: null,
      isPlaceKnown: null,
      lastPlace: null,
      isDeviceKnown: null,
      ipAddress: null,
    };
    expect(factsFrom(kept(null, bare))).toEqual({ policyVersion: null, facts: bare });
  });

  it('stand beside the findings that led to the decision', () => {
    expect(kept(DEFAULT_POLICY)).toMatchObject({
      requiredAssurance: 'AAL2',
      isBlocked: false,
      isSpared: false,
      findings: expect.arrayContaining([
        { rule: 'enforcement', effect: 'ENFORCE', explanation: 'Everybody needs a second factor.' },
      ]),
    });
  });

  it('are kept even where two hundred rules with long names apply', () => {
    const rules = Array.from({ length: 200 }, (_, index) => ({
      name: `${String(index)} ${'😀'.repeat(28)}`,
      roles: null,
      clientIds: null,
      networks: null,
      signals: null,
      requirement: 'ALWAYS' as const,
      minimumAssurance: 'AAL2' as const,
      allowedKinds: null,
      isBlocking: false,
    }));
    expect(factsFrom(kept({ ...DEFAULT_POLICY, rules }))?.facts).toEqual(facts);
  });

  it('are not made up where they cannot be read', () => {
    const good = kept(DEFAULT_POLICY) as { facts: object };
    const broken = [
      null,
      {},
      { omitted: 'too long' },
      { ...good, facts: { ...good.facts, roles: ['ROOT'] } },
      { ...good, facts: { ...good.facts, at: 'yesterday' } },
      { ...good, policyVersion: 'x' },
    ];
    for (const details of broken) expect(factsFrom(details)).toBeUndefined();
  });
});
