import type { AssuranceLevel, Role } from '../../kernel';
import { factorKinds } from '../factors';

/** When a second factor is asked for. */
export const MfaRequirement = { OPTIONAL: 'OPTIONAL', WHEN_RISKY: 'WHEN_RISKY', ALWAYS: 'ALWAYS' } as const;
export type MfaRequirement = keyof typeof MfaRequirement;

export const RiskSignal = {
  NEW_DEVICE: 'NEW_DEVICE',
  NEW_LOCATION: 'NEW_LOCATION',
  IMPOSSIBLE_TRAVEL: 'IMPOSSIBLE_TRAVEL',
  LONG_INACTIVITY: 'LONG_INACTIVITY',
  LISTED_NETWORK: 'LISTED_NETWORK',
  SENSITIVE_ACTION: 'SENSITIVE_ACTION',
} as const;
export type RiskSignal = keyof typeof RiskSignal;

export const RiskResponse = {
  IGNORE: 'IGNORE',
  PROMPT_MFA: 'PROMPT_MFA',
  REQUIRE_MFA: 'REQUIRE_MFA',
  BLOCK: 'BLOCK',
} as const;
export type RiskResponse = keyof typeof RiskResponse;

/** Whether the help desk can let a locked-out user back in. */
export const AdminRecovery = { OFF: 'OFF', VERIFY_WITH_ID: 'VERIFY_WITH_ID' } as const;
export type AdminRecovery = keyof typeof AdminRecovery;

/** For sign-ins that meet all the conditions given; a condition that is null or empty is none. It only makes the policy stricter. */
export interface PolicyRule {
  readonly name: string;
  /** One of them is enough, and a role includes the ones above it. */
  readonly roles: readonly Role[] | null;
  readonly clientIds: readonly string[] | null;
  /** CIDR blocks. */
  readonly networks: readonly string[] | null;
  readonly signals: readonly RiskSignal[] | null;
  readonly requirement: MfaRequirement;
  readonly minimumAssurance: AssuranceLevel;
  readonly allowedKinds: readonly string[] | null;
  readonly isBlocking: boolean;
}

/** What an action needs that an application names in `startStepUp`. */
export interface SensitiveAction {
  /** For example `payments.send`. */
  readonly name: string;
  readonly minimumAssurance: AssuranceLevel;
  /** A proof older than this is asked for again. */
  readonly maxAgeSeconds: number;
  /** Each time anew, whatever was proven a moment ago. */
  readonly isSingleUse: boolean;
}

/** What an organisation demands. Values only; who may see and change them is elsewhere. */
export interface PolicyValues {
  readonly requirement: MfaRequirement;
  readonly excludesServiceAccounts: boolean;
  /** From when the requirement first applies to a user. */
  readonly enrollmentGraceDays: number;
  readonly minimumAssurance: AssuranceLevel;
  /** Null: every kind but those that are off by default. */
  readonly allowedKinds: readonly string[] | null;
  readonly riskResponses: Readonly<Record<RiskSignal, RiskResponse>>;
  /** CIDR blocks, for example of anonymising networks: what LISTED_NETWORK looks at. */
  readonly listedNetworks: readonly string[];
  /** So many days without a sign-in are LONG_INACTIVITY. */
  readonly inactivityDays: number;
  readonly actions: readonly SensitiveAction[];
  /** 0: browsers cannot be remembered. */
  readonly rememberDeviceDays: number;
  /** Digits of the number to type on the phone. */
  readonly pushDigits: number;
  /** How long a step-up stays good for what changes an account. */
  readonly stepUpMaxAgeSeconds: number;
  /** Wrong answers per flow. */
  readonly maximumAttempts: number;
  readonly backupCodeCount: number;
  readonly adminRecovery: AdminRecovery;
  readonly recoveryWaitingHours: number;
  readonly recoveryTimeoutHours: number;
  readonly recoveryApprovals: number;
  readonly rules: readonly PolicyRule[];
}

export const DEFAULT_POLICY: PolicyValues = {
  requirement: 'ALWAYS',
  excludesServiceAccounts: true,
  enrollmentGraceDays: 30,
  minimumAssurance: 'AAL2',
  allowedKinds: null,
  riskResponses: {
    NEW_DEVICE: 'PROMPT_MFA',
    NEW_LOCATION: 'PROMPT_MFA',
    IMPOSSIBLE_TRAVEL: 'PROMPT_MFA',
    LONG_INACTIVITY: 'PROMPT_MFA',
    LISTED_NETWORK: 'PROMPT_MFA',
    SENSITIVE_ACTION: 'REQUIRE_MFA',
  },
  listedNetworks: [],
  inactivityDays: 90,
  actions: [],
  rememberDeviceDays: 30,
  pushDigits: 2,
  stepUpMaxAgeSeconds: 300,
  maximumAttempts: 5,
  backupCodeCount: 10,
  adminRecovery: 'VERIFY_WITH_ID',
  recoveryWaitingHours: 24,
  recoveryTimeoutHours: 24,
  recoveryApprovals: 2,
  rules: [],
};

/** The policy that is in force, and since when. */
export interface Policy extends PolicyValues {
  /** Counts up with every change. */
  readonly version: number;
  readonly updatedAt: Date;
  /** Null: a file, a command or the gateway itself. */
  readonly updatedBy: string | null;
}

/** The kinds that the policy lets be used, in the registry's order. */
export const kindsAllowedBy = ({ allowedKinds }: Pick<PolicyValues, 'allowedKinds'>): string[] =>
  factorKinds
    .filter(({ traits }) => !traits.isTemporary)
    .filter(({ kind, traits }) => (allowedKinds ? allowedKinds.includes(kind) : !traits.isOffByDefault))
    .map(({ kind }) => kind);

/** The bounds of the numbers, and the default of each. Named as in `PolicyValues`. */
export const POLICY_BOUNDS = {
  enrollmentGraceDays: [0, 90],
  inactivityDays: [1, 3650],
  rememberDeviceDays: [0, 90],
  pushDigits: [2, 6],
  stepUpMaxAgeSeconds: [60, 900],
  maximumAttempts: [3, 10],
  backupCodeCount: [8, 16],
  recoveryWaitingHours: [0, 72],
  recoveryTimeoutHours: [1, 72],
  recoveryApprovals: [1, 3],
} as const satisfies Partial<Record<keyof PolicyValues, readonly [number, number]>>;
