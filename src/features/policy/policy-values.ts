import { z } from 'zod';
import { AssuranceLevel, Role } from '../../kernel';
import { factorKinds } from '../factors';
import { isNetwork } from './networks';
import {
  AdminRecovery,
  DEFAULT_POLICY,
  MfaRequirement,
  POLICY_BOUNDS,
  RiskResponse,
  RiskSignal,
  type PolicyValues,
} from './policy';

const LIST_MAX = 200;
const NETWORKS_MAX = 10_000;
const NAME_MAX = 60;

const count = (name: keyof typeof POLICY_BOUNDS) => {
  const [least, most] = POLICY_BOUNDS[name];
  const message = `must be a whole number from ${String(least)} to ${String(most)}`;
  return z.number(message).int(message).min(least, message).max(most, message);
};

const isResistantReachable = factorKinds.some(({ traits }) => traits.isPhishingResistant);

/** A level that a policy may demand: nobody could pass what no kind of factor proves. */
const level: z.ZodType<AssuranceLevel> = z
  .enum(AssuranceLevel, 'must be AAL2 or AAL2_PHR')
  .refine((wanted) => wanted !== 'AAL1', 'must be AAL2 or higher: AAL1 is the password alone')
  .refine((wanted) => wanted !== 'AAL3', 'cannot be AAL3: no factor of this gateway proves it')
  .refine(
    (wanted) => wanted !== 'AAL2_PHR' || isResistantReachable,
    'cannot be AAL2_PHR: no kind of factor of this gateway is phishing-resistant',
  );

const kindNames = factorKinds.filter(({ traits }) => !traits.isTemporary).map(({ kind }) => kind);
const kinds = z
  .array(z.enum(kindNames, `must be one of ${kindNames.join(', ')}`))
  .min(1, 'must name at least one kind')
  .refine(
    (names) =>
      names.some((name) => factorKinds.some(({ kind, graphql }) => kind === name && graphql.setupType)),
    'must name a kind that users can enroll',
  );

const networks = z
  .array(z.string().refine(isNetwork, 'must be an address or a CIDR block, for example 192.0.2.0/24'))
  .max(NETWORKS_MAX, `at most ${String(NETWORKS_MAX)} networks`);

const name = z
  .string('must be given')
  .trim()
  .min(1, 'must not be empty')
  .max(NAME_MAX, `at most ${String(NAME_MAX)} characters`);

const clientId = z.string().min(1, 'must not be empty').max(64, 'at most 64 characters');

/** As applications name them: `payments.send`. */
export const actionName = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9._-]{0,59}$/,
    'letters in lower case, digits, dots, hyphens and underscores; at most 60',
  );

const rule = z.strictObject({
  name,
  roles: z.array(z.enum(Role, 'must be USER, HELP_DESK or ADMIN')).nullable().default(null),
  clientIds: z
    .array(clientId)
    .max(LIST_MAX, `at most ${String(LIST_MAX)} applications`)
    .nullable()
    .default(null),
  networks: networks.nullable().default(null),
  signals: z.array(z.enum(RiskSignal)).nullable().default(null),
  requirement: z.enum(MfaRequirement).default('ALWAYS'),
  minimumAssurance: level.default('AAL2'),
  allowedKinds: kinds.nullable().default(null),
  isBlocking: z.boolean().default(false),
});

const action = z.strictObject({
  name: actionName,
  minimumAssurance: level.default('AAL2'),
  maxAgeSeconds: z
    .number()
    .int()
    .min(0, 'must not be negative')
    .max(900, 'must be at most 15 minutes')
    .default(300),
  isSingleUse: z.boolean().default(false),
});

const unique = <T extends { readonly name: string }>(list: z.ZodType<T[]>) =>
  list.superRefine((items, context) => {
    const names = new Set<string>();
    for (const [index, { name: given }] of items.entries()) {
      const message = 'another one has the same name';
      if (names.has(given)) context.addIssue({ code: 'custom', path: [index, 'name'], message });
      names.add(given);
    }
  });

/** The whole policy, checked. What is left out has its default. */
export const policyValues = z.strictObject({
  requirement: z.enum(MfaRequirement).default(DEFAULT_POLICY.requirement),
  excludesServiceAccounts: z.boolean().default(DEFAULT_POLICY.excludesServiceAccounts),
  enrollmentGraceDays: count('enrollmentGraceDays').default(DEFAULT_POLICY.enrollmentGraceDays),
  minimumAssurance: level.default(DEFAULT_POLICY.minimumAssurance),
  allowedKinds: kinds.nullable().default(DEFAULT_POLICY.allowedKinds as null),
  riskResponses: z
    .partialRecord(z.enum(RiskSignal), z.enum(RiskResponse))
    .default({})
    .transform((given) => ({ ...DEFAULT_POLICY.riskResponses, ...given })),
  listedNetworks: networks.default([]),
  inactivityDays: count('inactivityDays').default(DEFAULT_POLICY.inactivityDays),
  actions: unique(z.array(action).max(LIST_MAX, `at most ${String(LIST_MAX)} actions`)).default([]),
  rememberDeviceDays: count('rememberDeviceDays').default(DEFAULT_POLICY.rememberDeviceDays),
  pushDigits: count('pushDigits').default(DEFAULT_POLICY.pushDigits),
  stepUpMaxAgeSeconds: count('stepUpMaxAgeSeconds').default(DEFAULT_POLICY.stepUpMaxAgeSeconds),
  maximumAttempts: count('maximumAttempts').default(DEFAULT_POLICY.maximumAttempts),
  backupCodeCount: count('backupCodeCount').default(DEFAULT_POLICY.backupCodeCount),
  adminRecovery: z.enum(AdminRecovery).default(DEFAULT_POLICY.adminRecovery),
  recoveryWaitingHours: count('recoveryWaitingHours').default(DEFAULT_POLICY.recoveryWaitingHours),
  recoveryTimeoutHours: count('recoveryTimeoutHours').default(DEFAULT_POLICY.recoveryTimeoutHours),
  recoveryApprovals: count('recoveryApprovals').default(DEFAULT_POLICY.recoveryApprovals),
  rules: unique(z.array(rule).max(LIST_MAX, `at most ${String(LIST_MAX)} rules`)).default([]),
}) satisfies z.ZodType<PolicyValues>;
