import { Refusal, type ClientContext } from '../../kernel';
import type { Database, UserCaller } from '../../platform';
import type { Challenges } from '../challenges';
import { LIMITS, type Limits } from '../limits';
import type { Place, Policies } from '../policy';
import { emailKey, type User, type Users } from '../users';
import type { Application } from './auth-flow.config';
import type { FlowResult } from './begin-flow.service';
import { decidedColumns } from './decided-columns';
import { PASSWORD_PROOF, type FlowNow } from './flow';
import type { FlowEnding } from './flow-ending.service';
import { isAddressPurpose, type AddressPurpose, type FlowSubject } from './flow-subject';
import type { Flows } from './flows.service';

interface From {
  readonly context: ClientContext;
  readonly place: Place | null;
  readonly addressKey: string;
}

export interface SignUpWish extends From {
  readonly email: string;
  readonly password: string;
  readonly displayName?: string;
  readonly locale?: string;
  readonly application: Application;
}

/**
 * Flows that begin with a code sent to an address: registration, forgotten password, change of address. Their reply and
 * their work are the same whether or not the address is known; only the message tells, to whoever can read it.
 */
export class AddressFlows {
  constructor(
    private readonly database: Database,
    private readonly flows: Flows,
    private readonly challenges: Challenges,
    private readonly users: Users,
    private readonly limits: Limits,
    private readonly ending: FlowEnding,
    private readonly policies: Policies,
    private readonly isSignUpAllowed: boolean,
    private readonly application: Application,
  ) {}

  /** Refuses with INVALID_INPUT, WEAK_PASSWORD, BREACHED_PASSWORD, RATE_LIMITED, or BLOCKED_BY_POLICY where sign-up is off. */
  async signUp(wish: SignUpWish): Promise<FlowResult> {
    if (!this.isSignUpAllowed) throw new Refusal('BLOCKED_BY_POLICY', {}, 'sign-up is off');
    const email = requiredAddress(wish.email, 'email');
    await this.limits.chargeUse(LIMITS.addressFlowsByAddress, wish.addressKey);
    const { displayName = null, locale = null } = wish;
    // Hashed before the look-up, so that a known address takes no shorter time.
    const password = await this.users.prepare(wish.password, { email, displayName }, ['input', 'password']);
    const isKnown = (await this.users.findByEmail(email)) !== undefined;
    const subject = {
      email,
      locale,
      displayName,
      password,
      decoy: isKnown ? 'ACCOUNT_EXISTS' : null,
    } as const;
    return this.begin('SIGN_UP', null, subject, wish.application, wish, null);
  }

  /** Refuses with INVALID_INPUT or RATE_LIMITED. */
  async startPasswordReset(wish: From & { readonly email: string }): Promise<FlowResult> {
    const email = requiredAddress(wish.email, 'email');
    await this.limits.chargeUse(LIMITS.addressFlowsByAddress, wish.addressKey);
    const found = await this.users.findByEmail(email);
    const user = found && mayResetPassword(found) ? found : undefined;
    const subject = { email, locale: user?.locale ?? null, decoy: user ? null : 'NO_ACCOUNT' } as const;
    return this.begin('PASSWORD_RESET', user?.id ?? null, subject, this.application, wish, null);
  }

  /** The caller must have been stepped up. Refuses with INVALID_INPUT or RATE_LIMITED. */
  async changeEmail(caller: UserCaller, newEmail: string, from: From): Promise<FlowResult> {
    const email = requiredAddress(newEmail, 'newEmail');
    await this.limits.chargeUse(LIMITS.addressFlowsByAddress, from.addressKey);
    const [user, holder] = [await this.users.find(caller.userId), await this.users.findByEmail(email)];
    if (!user) throw new Refusal('INVALID_TOKEN');
    if (holder?.id === user.id) {
      throw new Refusal('INVALID_INPUT', {
        path: ['input', 'newEmail'],
        message: 'This is your address already.',
      });
    }
    const subject = { email, locale: user.locale, decoy: holder ? 'ACCOUNT_EXISTS' : null } as const;
    return this.begin('EMAIL_CHANGE', user.id, subject, this.application, from, caller.sessionId);
  }

  /** Sends the code to the address once more. Refuses with TOO_SOON or RATE_LIMITED. */
  async resend(flow: FlowNow): Promise<void> {
    const resendableAt = flow.challenge?.resendableAt;
    if (resendableAt && resendableAt > flow.now) throw new Refusal('TOO_SOON', { retryAt: resendableAt });
    await this.send(flow.id, flow.purpose, this.ending.subjectOf(flow));
  }

  private async begin(
    purpose: AddressPurpose,
    userId: string | null,
    subject: FlowSubject,
    application: Application,
    { context, place }: From,
    sessionId: string | null,
  ): Promise<FlowResult> {
    const { clientId } = application;
    // Of nobody's account: what a newcomer needs, the same for addresses known and unknown.
    const decided = await this.policies.decideForNewcomer({ clientId, ipAddress: context.ipAddress, place });
    if (decided.decision.isBlocked) throw new Refusal('BLOCKED_BY_POLICY');
    const isSignUp = purpose === 'SIGN_UP';
    const columns = decidedColumns(decided);
    const { id, flowToken } = await this.database.transaction((tx) =>
      this.flows.begin(
        tx,
        {
          purpose,
          status: 'CHALLENGE_REQUIRED',
          reason: null,
          userId,
          clientId,
          applicationName: application.name,
          ...columns,
          // Otherwise it is the same for everybody until the address is proven.
          ...(isSignUp ? {} : { requiredAssurance: 'AAL1', promptReasons: [], enrollmentDueAt: null }),
          rememberDeviceDays: null,
          proofs: isSignUp ? [PASSWORD_PROOF] : [],
          sessionId,
          knownDeviceId: null,
          message: null,
          action: null,
          context,
          place,
        },
        subject,
      ),
    );
    await this.send(id, purpose, subject);
    const flow = await this.flows.readById(id);
    if (!flow) throw new Error(`flow ${id} is gone`);
    return { flow, flowToken };
  }

  private async send(flowId: string, purpose: FlowNow['purpose'], subject: FlowSubject): Promise<void> {
    if (!isAddressPurpose(purpose)) throw new Error(`a flow for ${purpose} proves no address`);
    const { email, locale, decoy } = subject;
    await this.challenges.startAddress(flowId, { email, locale, decoy, purpose }, (tx, event) =>
      this.flows.raise(tx, flowId, event),
    );
  }
}

function requiredAddress(email: string, field: string): string {
  if (emailKey(email)) return email.normalize('NFKC').trim();
  throw new Refusal('INVALID_INPUT', { path: ['input', field], message: 'This is no e-mail address.' });
}

/** A service account has no person to reset; who signs in elsewhere must not get a password here by the way. */
const mayResetPassword = (user: User): boolean =>
  user.accountType === 'PERSON' && (user.passwordChangedAt !== null || user.externalId === null);
