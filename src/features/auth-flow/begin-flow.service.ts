import {
  Refusal,
  reaches,
  type AssuranceLevel,
  type AuthFlowPurpose,
  type ClientContext,
  type Proven,
} from '../../kernel';
import type { Database, Log } from '../../platform';
import { kindModule, type FactorFacts, type Factors } from '../factors';
import type { Challenges } from '../challenges';
import { LIMITS, type Limits } from '../limits';
import type { Decided, Place, Policies, Subject } from '../policy';
import type { IssuedTokens } from '../sessions';
import type { User } from '../users';
import type { Application } from './auth-flow.config';
import { firstStatus, usefulFactors, type FlowNow } from './flow';
import { decidedColumns } from './decided-columns';
import type { Flows } from './flows.service';
import type { SessionOpener } from './session-opener.service';

/** What a mutation gives back of a flow. */
export interface FlowResult {
  readonly flow: FlowNow;
  readonly flowToken?: string;
  readonly tokens?: IssuedTokens;
  /** What the policy decided, for the audit log. */
  readonly decided?: Decided;
}

export interface FlowWish {
  readonly purpose: AuthFlowPurpose;
  readonly user: User;
  /** What is proven already; the first factor, except where a step-up begins from a session. */
  readonly proofs: readonly Proven[];
  /** The proofs are the session's own and fresh enough: nothing is asked, and no time of authentication is renewed. */
  readonly isNeedless?: boolean;
  readonly application: Application;
  /** Ask for at least this, even if the policy demands less. */
  readonly requestedAssurance: AssuranceLevel | null;
  /** STEP_UP only: the session to be raised. */
  readonly sessionId: string | null;
  /** The browser or app that it comes from, where that is asked. */
  readonly device: { readonly id: string; readonly rememberedUntil: Date | null } | undefined;
  readonly message: string | null;
  /** STEP_UP only: the action that it is for. */
  readonly action: string | null;
  readonly context: ClientContext;
  readonly place: Place | null;
  readonly autoStart: boolean;
}

/** From a first factor to a flow: every way in comes through here, and so through the one decision. */
export class BeginFlow {
  constructor(
    private readonly database: Database,
    private readonly flows: Flows,
    private readonly factors: Factors,
    private readonly challenges: Challenges,
    private readonly limits: Limits,
    private readonly opener: SessionOpener,
    private readonly log: Log,
    private readonly policies: Policies,
  ) {}

  /** Refuses with RATE_LIMITED, or BLOCKED_BY_POLICY where nothing the user has can reach the level. */
  async begin(wish: FlowWish): Promise<FlowResult> {
    await this.limits.chargeUse(LIMITS.flowsByUser, wish.user.id);
    try {
      return await this.decideAndBegin(wish);
    } catch (error) {
      // The policy changed between decision and session: decided once more, nothing was opened.
      if (!(error instanceof Refusal) || error.code !== 'CONFLICT') throw error;
      return this.decideAndBegin(wish);
    }
  }

  private async decideAndBegin(wish: FlowWish): Promise<FlowResult> {
    const factors = await this.factors.active(wish.user.id);
    const decided = await this.policies.decide(subjectOf(wish, factors));
    const isPasswordDue = wish.purpose === 'SIGN_IN' && wish.user.passwordChangeRequiredAt !== null;
    const columns = decidedColumns(decided);
    const needs = { proofs: [...wish.proofs], ...(isPasswordDue ? withSecondFactor(columns) : columns) };
    // Whoever else knows the password must not bring the factor along that lets them choose the next one.
    const enrollable = isPasswordDue ? [] : this.factors.enrollableKinds;
    const first = firstStatus({ ...needs, purpose: wish.purpose }, decided.decision, factors, enrollable);
    const isNeedless = wish.isNeedless && first.status === 'COMPLETED';
    const begun = await this.database.transaction((tx) =>
      this.flows.begin(tx, {
        purpose: wish.purpose,
        status: first.status,
        reason: isNeedless ? 'CHALLENGE_NOT_NEEDED' : first.reason,
        userId: wish.user.id,
        clientId: wish.application.clientId,
        applicationName: wish.application.name,
        ...needs,
        sessionId: wish.sessionId,
        knownDeviceId: wish.device?.id ?? null,
        message: wish.message,
        action: wish.action,
        context: wish.context,
        place: wish.place,
      }),
    );
    if (first.status === 'CHALLENGE_REQUIRED' && wish.autoStart)
      await this.autoStart(begun, wish, usefulFactors(needs, factors));
    const flow = await this.flows.readById(begun.id);
    if (!flow) throw new Error(`flow ${begun.id} is gone`);
    const tokens = begun.opened && (await this.opener.tokens(begun.opened, wish.user.id));
    return { flow, flowToken: begun.flowToken, tokens, decided };
  }

  /** Starts the best factor's challenge; what cannot be started leaves the choice to the user. */
  private async autoStart(
    begun: { id: string },
    wish: FlowWish,
    factors: readonly FactorFacts[],
  ): Promise<void> {
    const [best] = factors;
    const flow = await this.flows.readById(begun.id);
    if (!best || !flow) return;
    // From a browser never seen before a phone is not rung by itself: the password alone must not ring it at will.
    if (kindModule(best.kind).traits.answeredBy === 'device' && isUnknown(wish)) return;
    try {
      await this.challenges.start(
        { id: flow.id, userId: wish.user.id, attemptsMax: flow.attemptsMax },
        best,
        requestOf(flow),
        (tx, event) => this.flows.raise(tx, flow.id, event),
      );
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.log.debug({ flowId: flow.id, code: error.code }, 'the first challenge was not started');
    }
  }
}

const subjectOf = (wish: FlowWish, factors: readonly FactorFacts[]): Subject => ({
  userId: wish.user.id,
  purpose: wish.purpose,
  accountType: wish.user.accountType,
  roles: wish.user.roles,
  factorKinds: [...new Set(factors.map(({ kind }) => kind))],
  clientId: wish.application.clientId,
  ipAddress: wish.context.ipAddress,
  isDeviceKnown: wish.purpose === 'SIGN_IN' ? wish.device !== undefined : null,
  deviceRememberedUntil: wish.device?.rememberedUntil ?? null,
  place: wish.place,
  requestedAssurance: wish.requestedAssurance,
  action: wish.action,
});

/** A remembered browser spares nobody the second factor before a new password. */
const withSecondFactor = (columns: ReturnType<typeof decidedColumns>): ReturnType<typeof decidedColumns> =>
  reaches(columns.requiredAssurance, 'AAL2') ? columns : { ...columns, requiredAssurance: 'AAL2' };

const isUnknown = (wish: FlowWish): boolean => wish.purpose === 'SIGN_IN' && wish.device === undefined;

const NOWHERE: ClientContext = { ipAddress: null, location: null, browser: null, operatingSystem: null };

/** What a challenge is about. */
export const requestOf = (flow: FlowNow) => ({
  purpose: flow.purpose,
  applicationName: flow.applicationName,
  message: flow.message,
  numberDigits: flow.pushDigits,
  // Where the help desk sits is not for the caller to see, and not what their messages are counted by.
  context: flow.purpose === 'CALLER_CHECK' ? NOWHERE : flow.context,
  locale: flow.locale,
});
