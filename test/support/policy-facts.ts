import {
  DEFAULT_POLICY,
  type PolicyFacts,
  type PolicyRule,
  type PolicyValues,
} from '../../src/features/policy';

export const NOW = new Date('2031-03-01T09:00:05.000Z');
const DAY = 86_400_000;
export const inDays = (days: number): Date => new Date(NOW.getTime() + days * DAY);

/** A sign-in with nothing unusual about it, of a person without a factor. */
export const facts = (changes: Partial<PolicyFacts> = {}): PolicyFacts => ({
  purpose: 'SIGN_IN',
  at: NOW,
  accountType: 'PERSON',
  roles: ['USER'],
  factorKinds: [],
  enrollmentDueAt: null,
  isEnrollmentClosed: false,
  lastActiveAt: inDays(-1),
  clientId: 'default',
  ipAddress: '203.0.113.7',
  isDeviceKnown: true,
  deviceRememberedUntil: null,
  place: null,
  isPlaceKnown: null,
  lastPlace: null,
  requestedAssurance: null,
  action: null,
  ...changes,
});

export const policy = (changes: Partial<PolicyValues> = {}): PolicyValues => ({
  ...DEFAULT_POLICY,
  ...changes,
});

/** One policy rule without conditions, that demands nothing beyond the default. */
export const rule = (changes: Partial<PolicyRule> = {}): PolicyRule => ({
  name: 'test',
  roles: null,
  clientIds: null,
  networks: null,
  signals: null,
  requirement: 'ALWAYS',
  minimumAssurance: 'AAL2',
  allowedKinds: null,
  isBlocking: false,
  ...changes,
});
