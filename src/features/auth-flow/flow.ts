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
import type { Decision, Place, PromptReason } from '../policy';
import { isAddressPurpose } from './flow-subject';
import { isFinal, type AuthFlowStatus } from './transitions';

export interface FlowRow {
  readonly id: string;
  readonly purpose: AuthFlowPurpose;
  readonly status: AuthFlowStatus;
  readonly reason: AuthFlowReason | null;
  /** Null: begun with an address that is not known to be anybody's. */
  readonly userId: string | null;
  readonly sealedSubject: string | null;
  readonly clientId: string;
  readonly applicationName: string;
  readonly requiredAssurance: AssuranceLevel;
  readonly promptReasons: PromptReason[];
  readonly proofs: Proven[];
  /** The policy that decided. Null: it could not be read. */
  readonly policyVersion: number | null;
  /** Kinds that may be used in this flow. Null: all, for flows older than the policy. */
  readonly allowedKinds: string[] | null;
  /** Wrong answers until the flow ends. */
  readonly attemptsMax: number;
  /** Of the number to type on the phone. */
  readonly pushDigits: number;
  /** The user passes without a factor until then. */
  readonly enrollmentDueAt: Date | null;
  readonly rememberDeviceDays: number | null;
  /** STEP_UP only: the action that it is for. */
  readonly action: string | null;
  readonly place: Place | null;
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
  /** The user's; null where there is none (yet). */
  readonly email: string | null;
  readonly locale: string | null;
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

/** The first factor of whoever signs in with a password. */
export const PASSWORD_PROOF: Proven = {
  by: 'password',
  kind: 'PASSWORD',
  amr: ['pwd'],
  isPhishingResistant: false,
};

/** A proven address. It is no factor: it counts towards nothing but a reset. */
export const ADDRESS_PROOF: Proven = { by: 'address', kind: 'EMAIL', amr: [], isPhishingResistant: false };

/** Whether the flow may show and ask what belongs to an account: the address that it began with is proven. */
export const isAddressProven = (flow: Pick<FlowRow, 'purpose' | 'proofs' | 'userId'>): boolean =>
  !isAddressPurpose(flow.purpose) ||
  // The account of a sign-up is made when its address is proven.
  (flow.purpose === 'SIGN_UP' && flow.userId !== null) ||
  flow.proofs.some((proof) => proof.by === ADDRESS_PROOF.by);

/** A flow whose user is known; anything else is a fault of the program. */
export function ownerOf(flow: Pick<FlowRow, 'id' | 'userId'>): string {
  if (flow.userId === null) throw new Error(`flow ${flow.id} has no user`);
  return flow.userId;
}

const REPEAT_SECONDS = 30;

/** Whether this is the call that completed the flow, made again since its reply was lost. */
export const isRepeat = (flow: FlowNow, completedBy: Buffer): boolean =>
  flow.status === 'COMPLETED' &&
  flow.completedBy !== null &&
  completedBy.equals(flow.completedBy) &&
  flow.endedAt !== null &&
  flow.now.getTime() - flow.endedAt.getTime() <= REPEAT_SECONDS * 1000;

/** Proofs, and what they are to reach. */
export interface Needs {
  readonly proofs: readonly Proven[];
  readonly requiredAssurance: AssuranceLevel;
  readonly allowedKinds: readonly string[] | null;
}

/** Whether all is proven that the decision demanded. */
export const needsNothingMore = (flow: Pick<Needs, 'proofs' | 'requiredAssurance'>): boolean =>
  reaches(assuranceOf(flow.proofs), flow.requiredAssurance);

/** The factors whose proof could still bring the flow to its level, best first. */
export function usefulFactors(flow: Needs, factors: readonly FactorFacts[]): FactorFacts[] {
  return factors.filter((factor) => factor.isEnabled && isUseful(flow, factor.kind));
}

/** A code that a person has allowed is asked for at sign-in, and nowhere else: no list of kinds and no level bars it. */
export const takesTemporaryCode = ({ purpose }: Pick<FlowRow, 'purpose'>): boolean => purpose === 'SIGN_IN';

/** The kinds whose first factor could bring the flow to its level. */
export const usefulKinds = (flow: Needs, kinds: readonly string[]): string[] =>
  kinds.filter((kind) => isUseful(flow, kind));

const isUseful = ({ proofs, requiredAssurance, allowedKinds }: Needs, kind: string): boolean =>
  (allowedKinds === null || allowedKinds.includes(kind)) &&
  !proofs.some((proof) => proof.kind === kind) &&
  (!reaches(requiredAssurance, 'AAL2_PHR') || kindModule(kind).traits.isPhishingResistant);

/** Where a flow begins once its first factor is proven. */
export function firstStatus(
  flow: Needs & Pick<FlowRow, 'purpose'>,
  decision: Pick<Decision, 'isBlocked' | 'isDormant' | 'isSpared'>,
  factors: readonly FactorFacts[],
  enrollableKinds: readonly string[],
): { readonly status: AuthFlowStatus; readonly reason: AuthFlowReason | null } {
  const refused = { status: 'DENIED', reason: 'BLOCKED_BY_POLICY' } as const;
  if (decision.isBlocked) return refused;
  if (needsNothingMore(flow))
    return { status: 'COMPLETED', reason: decision.isSpared ? 'CHALLENGE_NOT_NEEDED' : null };
  if (usefulFactors(flow, factors).length > 0) return { status: 'CHALLENGE_REQUIRED', reason: null };
  const couldEnroll = factors.length === 0 && usefulKinds(flow, enrollableKinds).length > 0;
  if (!couldEnroll) return refused;
  if (!decision.isDormant) return { status: 'ENROLLMENT_REQUIRED', reason: null };
  // Only a code that somebody vouches for opens enrollment; from here it can be asked for.
  return takesTemporaryCode(flow) ? { status: 'CHALLENGE_REQUIRED', reason: null } : refused;
}
