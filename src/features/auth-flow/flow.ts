import {
  assuranceOf,
  reaches,
  type AssuranceLevel,
  type AuthFlowPurpose,
  type AuthFlowReason,
  type ClientContext,
  type Proven,
} from '../../kernel';
import { isOpen, type ChallengeRow } from '../challenges';
import { kindModule, type FactorFacts } from '../factors';
import type { PromptReason } from '../policy';
import { isFinal, type AuthFlowStatus } from './transitions';

export interface FlowRow {
  readonly id: string;
  readonly purpose: AuthFlowPurpose;
  readonly status: AuthFlowStatus;
  readonly reason: AuthFlowReason | null;
  readonly userId: string;
  readonly clientId: string;
  readonly applicationName: string;
  readonly requiredAssurance: AssuranceLevel;
  readonly promptReasons: PromptReason[];
  readonly proofs: Proven[];
  /** STEP_UP only: the session to be raised. */
  readonly sessionId: string | null;
  readonly knownDeviceId: string | null;
  readonly message: string | null;
  readonly context: ClientContext;
  readonly completedBy: Buffer | null;
  readonly version: number;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly endedAt: Date | null;
}

/** A flow as it stands at an instant, with the question that is open in it. */
export interface FlowNow extends FlowRow {
  readonly email: string;
  readonly challenge: ChallengeRow | null;
  readonly now: Date;
  /** What time alone has ended: 2 the flow, 1 its challenge, 0 neither. The look computes the same in SQL. */
  readonly phase: Phase;
}

export type Phase = 0 | 1 | 2;

/** Differs whenever what the page would see differs: changes are counted, and time ends things by itself. */
export const versionOf = (flow: { readonly version: number; readonly phase: Phase }): string =>
  `${String(flow.version)}.${String(flow.phase)}`;

/** The flow as its reader must see it: expiry holds before the sweeper has recorded it. */
export function asOfNow(flow: Omit<FlowNow, 'phase'>): FlowNow {
  const phase = phaseOf(flow);
  if (phase === 2) return { ...flow, phase, status: 'EXPIRED', reason: null, challenge: null };
  if (phase === 1) {
    return { ...flow, phase, status: 'CHALLENGE_REQUIRED', reason: 'CHALLENGE_TIMED_OUT', challenge: null };
  }
  return { ...flow, phase, challenge: flow.status === 'CHALLENGE_PENDING' ? flow.challenge : null };
}

function phaseOf({ status, expiresAt, challenge, now }: Omit<FlowNow, 'phase'>): Phase {
  if (isFinal(status)) return 0;
  if (expiresAt <= now) return 2;
  return challenge && !isOpen(challenge, now) ? 1 : 0;
}

/** Whether all is proven that the decision demanded. */
export const needsNothingMore = (flow: Pick<FlowRow, 'proofs' | 'requiredAssurance'>): boolean =>
  reaches(assuranceOf(flow.proofs), flow.requiredAssurance);

/** The factors whose proof could still bring the flow to its level, best first. */
export function usefulFactors(
  flow: Pick<FlowRow, 'proofs' | 'requiredAssurance'>,
  factors: readonly FactorFacts[],
): FactorFacts[] {
  const isResistantNeeded = reaches(flow.requiredAssurance, 'AAL2_PHR');
  return factors.filter(
    (factor) =>
      !flow.proofs.some((proof) => proof.kind === factor.kind) &&
      (!isResistantNeeded || kindModule(factor.kind).traits.isPhishingResistant),
  );
}

/** Where a flow begins once its first factor is proven. */
export function firstStatus(
  flow: Pick<FlowRow, 'proofs' | 'requiredAssurance'>,
  factors: readonly FactorFacts[],
): { readonly status: AuthFlowStatus; readonly reason: AuthFlowReason | null } {
  if (needsNothingMore(flow)) return { status: 'COMPLETED', reason: null };
  if (usefulFactors(flow, factors).length > 0) return { status: 'CHALLENGE_REQUIRED', reason: null };
  const couldEnroll = factors.length === 0 && !reaches(flow.requiredAssurance, 'AAL2_PHR');
  return couldEnroll
    ? { status: 'ENROLLMENT_REQUIRED', reason: null }
    : { status: 'DENIED', reason: 'BLOCKED_BY_POLICY' };
}
