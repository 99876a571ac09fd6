import {
  Refusal,
  RequestFault,
  reaches,
  strongest,
  unixSeconds,
  type AssuranceLevel,
  type ClientContext,
  type Clock,
} from '../../kernel';
import type { Database, UserCaller } from '../../platform';
import type { AuditRecorder } from '../events';
import type { Factors } from '../factors';
import { recordedDecision, type Place, type Policies } from '../policy';
import { carriedProofs, type Session, type Sessions } from '../sessions';
import { isLocked, type PasswordSignIn, type User, type Users } from '../users';
import type { Application } from './auth-flow.config';
import type { BeginFlow, FlowResult } from './begin-flow.service';
import { PASSWORD_PROOF } from './flow';

export interface StepUpWish {
  readonly password?: string;
  readonly minimumAssurance: AssuranceLevel;
  readonly maxAgeSeconds: number;
  readonly message?: string;
  readonly action?: string;
  readonly autoStart: boolean;
  readonly context: ClientContext;
  readonly place: Place | null;
  readonly addressKey: string;
}

type Needs = Pick<StepUpWish, 'minimumAssurance' | 'maxAgeSeconds'>;

/** A signed-in user proves presence again, or with a stronger factor, before something sensitive. */
export class StepUp {
  constructor(
    private readonly users: Users,
    private readonly factors: Factors,
    private readonly passwords: PasswordSignIn,
    private readonly sessions: Sessions,
    private readonly beginFlow: BeginFlow,
    private readonly policies: Policies,
    private readonly recorder: AuditRecorder,
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly applications: readonly Application[],
  ) {}

  /**
   * A proof that is strong and fresh enough already is not asked for again. An account without a factor proves its
   * password. Refuses with INVALID_INPUT, INVALID_CREDENTIALS, RATE_LIMITED, ACCOUNT_LOCKED or FACTOR_NOT_AVAILABLE.
   */
  async start(caller: UserCaller, wish: StepUpWish): Promise<FlowResult> {
    const user = await this.users.find(caller.userId);
    if (!user) throw new Refusal('INVALID_TOKEN');
    if (isLocked(user, this.clock.now())) throw new Refusal('ACCOUNT_LOCKED', { retryAt: user.lockedUntil });
    const session = await this.sessions.standing(caller);
    if (!session) throw new RequestFault('UNAUTHENTICATED');
    const hasFactor = (await this.factors.active(user.id)).length > 0;
    const needs = await this.needsOf(wish);
    // What is to be seen and signed is asked for each time.
    const isNeedless = hasFactor && wish.message === undefined && this.isFreshEnough(caller, session, needs);
    if (!hasFactor) await this.provePassword(user, wish);
    const begun = await this.beginFlow.begin({
      purpose: 'STEP_UP',
      user,
      // A session stands for its first factor; whatever else it has proven must be proven again.
      proofs: isNeedless ? session.proofs : hasFactor ? [...carriedProofs(session)] : [PASSWORD_PROOF],
      isNeedless,
      application:
        this.applications.find((a) => a.clientId === caller.clientId) ??
        (this.applications[0] as Application),
      requestedAssurance: hasFactor ? needs.minimumAssurance : null,
      sessionId: caller.sessionId,
      device: undefined,
      message: wish.message ?? null,
      action: wish.action ?? null,
      context: wish.context,
      place: wish.place,
      autoStart: wish.autoStart,
    });
    const isBlocked = begun.flow.reason === 'BLOCKED_BY_POLICY';
    await this.recorder.record(this.database, {
      type: 'STEP_UP_STARTED',
      outcome: isBlocked ? 'FAILURE' : 'SUCCESS',
      actorId: user.id,
      userId: user.id,
      flowId: begun.flow.id,
      sessionId: caller.sessionId,
      context: wish.context,
      details: begun.decided && recordedDecision(begun.decided),
    });
    if (isBlocked) throw refusedBy(begun);
    return begun;
  }

  /** What is asked for, and what the policy says of the action, whichever is more. */
  private async needsOf({ action, minimumAssurance, maxAgeSeconds }: StepUpWish): Promise<Needs> {
    const named =
      action === undefined
        ? undefined
        : (await this.policies.find())?.actions.find(({ name }) => name === action);
    if (!named) return { minimumAssurance, maxAgeSeconds };
    return {
      minimumAssurance: strongest(minimumAssurance, named.minimumAssurance),
      maxAgeSeconds: named.isSingleUse ? 0 : Math.min(maxAgeSeconds, named.maxAgeSeconds),
    };
  }

  /** As the token proves it: one from before the last step-up must not get what the session has reached since. */
  private isFreshEnough(caller: UserCaller, session: Session, wish: Needs): boolean {
    const isLatest =
      unixSeconds(session.authenticatedAt) === unixSeconds(caller.authenticatedAt) &&
      session.assurance === caller.assurance;
    const age = unixSeconds(this.clock.now()) - unixSeconds(caller.authenticatedAt);
    return (
      isLatest &&
      wish.maxAgeSeconds > 0 &&
      age <= wish.maxAgeSeconds &&
      reaches(caller.assurance, wish.minimumAssurance)
    );
  }

  private async provePassword(user: User, wish: StepUpWish): Promise<void> {
    const path = ['input', 'password'];
    if (wish.password === undefined) {
      throw new Refusal('INVALID_INPUT', { path, message: 'Please enter your password.' });
    }
    const result = await this.passwords.checkAgain(user.id, wish.password, wish.addressKey);
    if (!result.isRight) throw new Refusal('INVALID_CREDENTIALS', { path });
  }
}

/** Blocked by the policy, or nothing that the user has reaches the level. */
const refusedBy = ({ decided }: FlowResult): Refusal =>
  new Refusal(decided?.decision.isBlocked ? 'BLOCKED_BY_POLICY' : 'FACTOR_NOT_AVAILABLE');
