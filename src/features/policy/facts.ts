import type { AssuranceLevel, AuthFlowPurpose } from '../../kernel';
import type { AccountType } from '../users';

/** Why a further factor is asked for, to be told to the user. */
export const PromptReason = { POLICY: 'POLICY', STEP_UP: 'STEP_UP' } as const;
export type PromptReason = keyof typeof PromptReason;

/** All that a rule may look at. */
export interface PolicyFacts {
  readonly purpose: AuthFlowPurpose;
  readonly hasFactor: boolean;
  readonly accountType: AccountType;
  /** The setting MFA_REQUIRED: nobody passes without a second factor. */
  readonly isMfaRequired: boolean;
  /** What the caller asks for at least; null: nothing. */
  readonly requestedAssurance: AssuranceLevel | null;
}

/** What one rule demands, and why. */
export interface Finding {
  readonly rule: string;
  readonly requiredAssurance: AssuranceLevel;
  readonly promptReason: PromptReason;
  /** In words, for the administrator. */
  readonly explanation: string;
}

export interface Rule {
  readonly name: string;
  evaluate(facts: PolicyFacts): Finding | undefined;
}
