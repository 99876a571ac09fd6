import type { AssuranceLevel, AuthFlowPurpose, Place, Role } from '../../kernel';
import type { AccountType } from '../users';
import type { PolicyValues, RiskSignal } from './policy';

/** Why a further factor is asked for, to be told to the user. */
export const PromptReason = {
  POLICY: 'POLICY',
  NEW_DEVICE: 'NEW_DEVICE',
  NEW_LOCATION: 'NEW_LOCATION',
  IMPOSSIBLE_TRAVEL: 'IMPOSSIBLE_TRAVEL',
  LONG_INACTIVITY: 'LONG_INACTIVITY',
  LISTED_NETWORK: 'LISTED_NETWORK',
  STEP_UP: 'STEP_UP',
} as const;
export type PromptReason = keyof typeof PromptReason;

export type { Place };

/** All that a rule may look at. Plain data: it is kept with the sign-in, so that a changed policy can be tried on it. */
export interface PolicyFacts {
  readonly purpose: AuthFlowPurpose;
  /** The database's clock. */
  readonly at: Date;
  readonly accountType: AccountType;
  readonly roles: readonly Role[];
  /** Kinds of the user's factors. */
  readonly factorKinds: readonly string[];
  /** From then on a factor is required. Null: no requirement ever applied. */
  readonly enrollmentDueAt: Date | null;
  /** The help desk took the user's factors away, and the password alone may not enroll new ones. */
  readonly isEnrollmentClosed: boolean;
  /** When the account was made, or last signed in to. */
  readonly lastActiveAt: Date;
  readonly clientId: string;
  readonly ipAddress: string | null;
  /** Whether the browser or app was used before; null where that is not asked (a step-up). */
  readonly isDeviceKnown: boolean | null;
  /** A second factor was given there, and its user asked not to be asked again until then. */
  readonly deviceRememberedUntil: Date | null;
  readonly place: Place | null;
  /** Null: nothing to compare with. */
  readonly isPlaceKnown: boolean | null;
  readonly lastPlace: (Place & { readonly at: Date }) | null;
  /** What the caller asks for at least; null: nothing. */
  readonly requestedAssurance: AssuranceLevel | null;
  /** The action that a step-up is for. */
  readonly action: string | null;
}

/**
 * What a finding leads to. NOTE: nothing. ASK: whoever has a factor is asked for it. ENFORCE: so is everybody else, once
 * the time to enroll is over. REQUIRE: everybody, now. BLOCK: nobody passes.
 */
export type Effect = 'NOTE' | 'ASK' | 'ENFORCE' | 'REQUIRE' | 'BLOCK';

/** What one rule found, and why. */
export interface Finding {
  readonly rule: string;
  readonly effect: Effect;
  readonly level: AssuranceLevel;
  readonly promptReason: PromptReason;
  readonly signal: RiskSignal | null;
  /** A remembered browser stands in for what this finding asks. */
  readonly isSparedByDevice: boolean;
  /** Narrows the kinds that may be used. Null: does not. */
  readonly allowedKinds: readonly string[] | null;
  /** In words, for the administrator. */
  readonly explanation: string;
}

/** One small question to the facts. `found` are the signals that the rules before it have found. */
export interface Rule {
  readonly name: string;
  evaluate(
    policy: PolicyValues,
    facts: PolicyFacts,
    found: readonly RiskSignal[],
  ): Finding | Finding[] | undefined;
}
