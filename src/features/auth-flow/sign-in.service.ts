import { Refusal, type AssuranceLevel, type ClientContext } from '../../kernel';
import type { Database, Metrics } from '../../platform';
import type { AuditRecorder } from '../events';
import type { KnownDevices } from '../known-devices';
import { recordedDecision, type Place } from '../policy';
import { isLocked, type PasswordSignIn } from '../users';
import type { Clock } from '../../kernel';
import type { Application } from './auth-flow.config';
import type { BeginFlow, FlowResult } from './begin-flow.service';
import { PASSWORD_PROOF } from './flow';

export interface SignInWish {
  readonly email: string;
  readonly password: string;
  readonly clientId?: string;
  readonly minimumAssurance?: AssuranceLevel;
  readonly autoStart: boolean;
  readonly deviceToken?: string;
  readonly context: ClientContext;
  readonly place: Place | null;
  readonly addressKey: string;
  readonly requestId: string;
}

/** The first factor by password, and the flow that follows from it. */
export class SignIn {
  constructor(
    private readonly passwords: PasswordSignIn,
    private readonly knownDevices: KnownDevices,
    private readonly beginFlow: BeginFlow,
    private readonly recorder: AuditRecorder,
    private readonly database: Database,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
    private readonly applications: readonly Application[],
  ) {}

  /** Refuses with INVALID_CREDENTIALS, RATE_LIMITED, ACCOUNT_LOCKED or INVALID_INPUT. */
  async signIn(wish: SignInWish): Promise<FlowResult> {
    const application = this.application(wish.clientId);
    const result = await this.checkPassword(wish);
    const { requestId, context } = wish;
    const entry = { userId: result.user?.id, requestId, context, factorKind: 'PASSWORD' };
    if (!result.isRight) {
      this.metrics.signIns.inc({ outcome: 'refused' });
      const reason = result.user ? 'wrong password' : 'unknown address';
      await this.recorder.record(this.database, {
        type: 'SIGN_IN_STARTED',
        outcome: 'FAILURE',
        reason,
        ...entry,
      });
      throw new Refusal('INVALID_CREDENTIALS');
    }
    const { user } = result;
    if (isLocked(user, this.clock.now())) {
      await this.recorder.record(this.database, {
        type: 'SIGN_IN_STARTED',
        outcome: 'FAILURE',
        reason: 'locked',
        ...entry,
      });
      throw new Refusal('ACCOUNT_LOCKED', { retryAt: user.lockedUntil });
    }
    const begun = await this.beginFlow.begin({
      purpose: 'SIGN_IN',
      user,
      proofs: [PASSWORD_PROOF],
      application,
      requestedAssurance: wish.minimumAssurance ?? null,
      sessionId: null,
      device: await this.knownDevices.recognise(user.id, wish.deviceToken),
      message: null,
      action: null,
      context,
      place: wish.place,
      autoStart: wish.autoStart,
    });
    const isBlocked = begun.flow.reason === 'BLOCKED_BY_POLICY';
    this.metrics.signIns.inc({ outcome: isBlocked ? 'refused' : 'accepted' });
    await this.recorder.record(this.database, {
      type: 'SIGN_IN_STARTED',
      outcome: isBlocked ? 'FAILURE' : 'SUCCESS',
      flowId: begun.flow.id,
      reason: isBlocked ? 'blocked by policy' : null,
      details: begun.decided && recordedDecision(begun.decided),
      ...entry,
    });
    if (isBlocked) throw user.passwordChangeRequiredAt ? resetFirst() : new Refusal('BLOCKED_BY_POLICY');
    return begun;
  }

  /** The application of a client id, or the default one; INVALID_INPUT if it is unknown. */
  application(clientId: string | undefined): Application {
    const application =
      clientId === undefined ? this.applications[0] : this.applications.find((a) => a.clientId === clientId);
    if (application) return application;
    throw new Refusal('INVALID_INPUT', { path: ['input', 'clientId'], message: 'No such application.' });
  }

  private async checkPassword(wish: SignInWish) {
    try {
      return await this.passwords.check(wish.email, wish.password, wish.addressKey);
    } catch (error) {
      if (error instanceof Refusal && error.code === 'RATE_LIMITED')
        this.metrics.signIns.inc({ outcome: 'limited' });
      throw error;
    }
  }
}

const resetFirst = (): Refusal =>
  new Refusal('BLOCKED_BY_POLICY', {
    message: 'This password may be known to somebody else. Please set a new one by “forgot password”.',
  });
