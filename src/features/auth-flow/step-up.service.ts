import {
  Refusal,
  RequestFault,
  reaches,
  unixSeconds,
  type AssuranceLevel,
  type ClientContext,
  type Clock,
} from '../../kernel';
import type { UserCaller } from '../../platform';
import type { Factors } from '../factors';
import { carriedProofs, type Sessions } from '../sessions';
import { isLocked, type PasswordSignIn, type User, type Users } from '../users';
import type { Application } from './auth-flow.config';
import type { BeginFlow, FlowResult } from './begin-flow.service';
import { PASSWORD_PROOF } from './sign-in.service';

export interface StepUpWish {
  readonly password?: string;
  readonly minimumAssurance: AssuranceLevel;
  readonly maxAgeSeconds: number;
  readonly message?: string;
  readonly autoStart: boolean;
  readonly context: ClientContext;
  readonly addressKey: string;
}

/** A signed-in user proves presence again, or with a stronger factor, before something sensitive. */
export class StepUp {
  constructor(
    private readonly users: Users,
    private readonly factors: Factors,
    private readonly passwords: PasswordSignIn,
    private readonly sessions: Sessions,
    private readonly beginFlow: BeginFlow,
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
    const isNeedless = hasFactor && this.isFreshEnough(caller, wish);
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
      requestedAssurance: hasFactor ? wish.minimumAssurance : null,
      sessionId: caller.sessionId,
      knownDeviceId: null,
      message: wish.message ?? null,
      context: wish.context,
      autoStart: wish.autoStart,
    });
    if (begun.flow.reason === 'BLOCKED_BY_POLICY') throw new Refusal('FACTOR_NOT_AVAILABLE');
    return begun;
  }

  private isFreshEnough(caller: UserCaller, wish: StepUpWish): boolean {
    const age = unixSeconds(this.clock.now()) - unixSeconds(caller.authenticatedAt);
    return (
      wish.maxAgeSeconds > 0 && age <= wish.maxAgeSeconds && reaches(caller.assurance, wish.minimumAssurance)
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
