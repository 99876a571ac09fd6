import { Field, FieldResolver, ID, Int, ObjectType, Resolver, Root, registerEnumType } from 'type-graphql';
import { AssuranceLevel, AuthFlowPurpose, AuthFlowReason } from '../../kernel';
import { DateTime, Payload } from '../../platform';
import type { Challenges } from '../challenges';
import { Challenge, Factor, factorKindEnum, kindModule, type FactorFacts, type Factors } from '../factors';
import type { Limits } from '../limits';
import { PromptReason } from '../policy';
import { TokensType } from '../sessions';
import { maskedEmail } from '../users';
import { isAddressProven, takesTemporaryCode, usefulFactors, usefulKinds, type FlowNow } from './flow';
import type { AuthFlowStatus } from './transitions';

registerEnumType(AuthFlowPurpose, {
  name: 'AuthFlowPurpose',
  description: 'What a flow is for.',
  valuesConfig: {
    SIGN_UP: {
      description: 'Registration: the first challenge is a code sent to the new e-mail address.',
    },
    PASSWORD_RESET: { description: 'Forgotten password. Goes straight to COMPLETED, without tokens.' },
    EMAIL_CHANGE: {
      description: 'Proving a new e-mail address. Goes straight to COMPLETED, without tokens.',
    },
    STEP_UP: {
      description:
        'A signed-in user proves presence again, or with a stronger factor, before something sensitive.',
    },
  },
});

const AuthFlowStatuses: Record<AuthFlowStatus, AuthFlowStatus> = {
  CHALLENGE_REQUIRED: 'CHALLENGE_REQUIRED',
  CHALLENGE_PENDING: 'CHALLENGE_PENDING',
  ENROLLMENT_REQUIRED: 'ENROLLMENT_REQUIRED',
  NEW_PASSWORD_REQUIRED: 'NEW_PASSWORD_REQUIRED',
  VERIFIED: 'VERIFIED',
  COMPLETED: 'COMPLETED',
  DENIED: 'DENIED',
  LOCKED: 'LOCKED',
  EXPIRED: 'EXPIRED',
  CANCELED: 'CANCELED',
};
registerEnumType(AuthFlowStatuses, {
  name: 'AuthFlowStatus',
  description: 'Where a flow stands. Five values ask for something; five are final. See `AuthFlow`.',
  valuesConfig: {
    CHALLENGE_REQUIRED: { description: 'Choose one of `factors`.' },
    CHALLENGE_PENDING: { description: 'A challenge is open: answer it or wait for it.' },
    ENROLLMENT_REQUIRED: { description: 'The user must enroll a factor first.' },
    NEW_PASSWORD_REQUIRED: { description: 'A new password must be set.' },
    VERIFIED: { description: 'All is proven. Collect the tokens.' },
    COMPLETED: { description: 'Final: done. Tokens, if any, were handed out.' },
    DENIED: { description: 'Final: the user reported it as not theirs, or the policy refuses.' },
    LOCKED: { description: 'Final: too many wrong answers.' },
    EXPIRED: { description: 'Final: took too long.' },
    CANCELED: { description: 'Final: given up by the page.' },
  },
});

registerEnumType(AuthFlowReason, {
  name: 'AuthFlowReason',
  description: 'Why a flow moved to its present status.',
  valuesConfig: {
    CHALLENGE_TIMED_OUT: { description: 'Nobody answered the push in time.' },
    DELIVERY_FAILED: { description: 'The code or push could not be delivered.' },
    NUMBER_MISMATCH: {
      description:
        'The wrong number was entered on the phone. That ends the challenge; other factors remain.',
    },
    USER_DENIED: { description: 'The user tapped Deny. That ends the challenge; other factors remain.' },
    USER_REPORTED: { description: 'The user said that it was not them. That ends the flow.' },
    CHALLENGE_REPLACED: { description: 'A newer sign-in asked for the same phone.' },
    TOO_MANY_ATTEMPTS: { description: 'Too many wrong answers.' },
    BLOCKED_BY_POLICY: { description: 'The policy or the risk check refused.' },
    CHALLENGE_NOT_NEEDED: {
      description: 'The remembered device, passkey or policy made a further challenge needless.',
    },
  },
});

registerEnumType(PromptReason, {
  name: 'PromptReason',
  description: 'Why a further factor is asked for.',
  valuesConfig: {
    POLICY: { description: 'Always asked by the policy.' },
    NEW_DEVICE: { description: 'This browser or app was not used before.' },
    NEW_LOCATION: { description: 'Nobody signed in to the account from here before.' },
    IMPOSSIBLE_TRAVEL: { description: 'The last sign-in was too far away, too short a time ago.' },
    LONG_INACTIVITY: { description: 'Nobody signed in to the account for long.' },
    LISTED_NETWORK: { description: "The address is on the operator's list." },
    STEP_UP: { description: 'Asked for by the application or by a sensitive action.' },
  },
});

@ObjectType('AuthFlow', {
  description: `One attempt to prove who someone is. Draw the login page from \`status\`:

| status | the page shows | call next |
| --- | --- | --- |
| CHALLENGE_REQUIRED | the list \`factors\` | \`startChallenge\` |
| CHALLENGE_PENDING | \`challenge\` | \`verifyChallenge\`, or wait (push); \`startChallenge\` to resend or switch |
| ENROLLMENT_REQUIRED | the choices \`enrollableKinds\` | \`startEnrollment\` with the flow token; confirming the first factor is its first proof |
| NEW_PASSWORD_REQUIRED | a new-password form | \`setPassword\` |
| VERIFIED | a spinner | \`completeAuthFlow\` |
| COMPLETED, DENIED, LOCKED, EXPIRED, CANCELED | the end; see \`reason\` | nothing, or begin again |`,
})
export class AuthFlow {
  @Field(() => ID, {
    description: 'For caches, support and the audit log. Not a secret and of no use without the flow token.',
  })
  id!: string;

  @Field(() => AuthFlowPurpose)
  purpose!: AuthFlowPurpose;

  @Field(() => AuthFlowStatuses)
  status!: AuthFlowStatus;

  @Field(() => AuthFlowReason, {
    nullable: true,
    description: 'Why the status is what it is, where that needs telling.',
  })
  reason!: AuthFlowReason | null;

  @Field(() => String, {
    nullable: true,
    description:
      'Who is signing in, masked, for example `a••@example.com`. Null until the first factor is proven.',
  })
  accountHint!: string | null;

  @Field(() => String, { nullable: true, description: 'The application that is being signed in to.' })
  applicationName!: string | null;

  @Field(() => DateTime, {
    nullable: true,
    description:
      'Until then the user may sign in without a factor: show a reminder. Null: no grace, or not needed.',
  })
  enrollmentDueAt!: Date | null;

  @Field(() => [PromptReason], { description: 'Why a further factor is asked for, to be told to the user.' })
  promptReasons!: readonly PromptReason[];

  @Field(() => AssuranceLevel, { description: 'The level that the policy demands for this flow.' })
  requiredAssurance!: AssuranceLevel;

  @Field(() => Int, {
    nullable: true,
    description:
      'For how many days the policy allows this browser to be remembered. Null: do not show the check box.',
  })
  rememberDeviceDays!: number | null;

  @Field(() => DateTime, { description: 'When the whole flow ends by itself.' })
  expiresAt!: Date;

  @Field(() => DateTime, {
    description:
      "The server's clock at this reply: count down from `expiresAt - serverTime`, not from the local clock.",
  })
  serverTime!: Date;

  /** What the fields `factors` and `challenge` are made from, when they are asked for. */
  facts!: FlowNow;

  static from(flow: FlowNow): AuthFlow {
    return Object.assign(new AuthFlow(), {
      id: flow.id,
      purpose: flow.purpose,
      status: flow.status,
      reason: flow.reason,
      accountHint: flow.email !== null && isAddressProven(flow) ? maskedEmail(flow.email) : null,
      applicationName: flow.applicationName,
      enrollmentDueAt: flow.enrollmentDueAt,
      promptReasons: flow.promptReasons,
      rememberDeviceDays: flow.rememberDeviceDays,
      requiredAssurance: flow.requiredAssurance,
      expiresAt: flow.expiresAt,
      serverTime: flow.now,
      facts: flow,
    });
  }
}

@ObjectType('AuthFlowPayload', { implements: Payload })
export class AuthFlowPayload extends Payload {
  @Field(() => AuthFlow, { nullable: true, description: 'Null if no flow could be started.' })
  flow: AuthFlow | null = null;

  @Field(() => String, {
    nullable: true,
    description: 'The secret that drives the flow. Only in the reply of the mutation that started it.',
  })
  flowToken: string | null = null;

  @Field(() => TokensType, {
    nullable: true,
    description: 'Only when this mutation completed the flow (status COMPLETED).',
  })
  tokens: TokensType | null = null;
}

/** The fields of a flow that need a further look into the database. */
@Resolver(() => AuthFlow)
export class AuthFlowFieldsResolver {
  constructor(
    private readonly factorsService: Factors,
    private readonly challenges: Challenges,
    private readonly limits: Limits,
  ) {}

  @FieldResolver(() => [factorKindEnum], {
    description: 'Kinds that may be enrolled. Empty unless the status is ENROLLMENT_REQUIRED.',
  })
  enrollableKinds(@Root() { facts }: AuthFlow): readonly string[] {
    if (facts.status !== 'ENROLLMENT_REQUIRED') return [];
    return usefulKinds(facts, this.factorsService.enrollableKinds);
  }

  @FieldResolver(() => [Factor], {
    description: 'Factors that may be used now, best first. Empty until the first factor is proven.',
  })
  async factors(@Root() { facts }: AuthFlow): Promise<Factor[]> {
    if (facts.status !== 'CHALLENGE_REQUIRED' && facts.status !== 'CHALLENGE_PENDING') return [];
    if (!isAddressProven(facts) || facts.userId === null) return [];
    const { userId } = facts;
    const temporary = takesTemporaryCode(facts) ? await this.factorsService.temporary(userId) : [];
    const useful = [...usefulFactors(facts, await this.factorsService.active(userId)), ...temporary];
    if (useful.length === 0) return [];
    const guesses = await this.limits.guessesUsableFrom(userId);
    const shown = useful.filter(
      (factor) => !guesses.isDisabled || !kindModule(factor.kind).traits.isGuessable,
    );
    return Promise.all(
      shown.map(async (factor) => {
        const isRung = kindModule(factor.kind).traits.answeredBy === 'device';
        const paused = isRung ? await this.challenges.pausedUntil(userId, factor.kind) : null;
        return factorInFlow(factor, paused ?? guesses.retryAt, paused !== null, facts.now);
      }),
    );
  }

  @FieldResolver(() => Challenge, {
    nullable: true,
    description: 'The question that is open. Null unless the status is CHALLENGE_PENDING.',
  })
  async challenge(@Root() { facts }: AuthFlow): Promise<Challenge | null> {
    const open = facts.challenge;
    if (facts.status !== 'CHALLENGE_PENDING' || !open) return null;
    const factor =
      open.factorId !== null && facts.userId !== null
        ? await this.factorInUse(facts.userId, open.factorId)
        : undefined;
    const challenge = kindModule(open.kind).graphql.challenge({
      id: open.id,
      kind: open.kind,
      factorId: open.factorId,
      expiresAt: open.expiresAt,
      resendableAt: open.resendableAt,
      delivery: open.delivery,
      sentTo: open.sentTo,
      attemptsRemaining: open.attemptsMax - open.attempts,
      kept: this.challenges.kept(open),
    });
    challenge.factor = factor ? factorInFlow(factor, null, false, facts.now) : null;
    return challenge;
  }

  private async factorInUse(userId: string, id: string): Promise<FactorFacts | undefined> {
    const found = await this.factorsService.find(userId, id);
    return found ?? (await this.factorsService.temporary(userId)).find((factor) => factor.id === id);
  }
}

/** A factor as an unfinished flow may show it: masked, and without what only its owner may see. */
function factorInFlow(factor: FactorFacts, retryAt: Date | null, isPaused: boolean, now: Date): Factor {
  const { isGuessable, isPhishingResistant } = kindModule(factor.kind).traits;
  const usableFrom = (isGuessable || isPaused) && retryAt && retryAt > now ? retryAt : null;
  return Factor.from(factor, { isPhishingResistant, usableFrom, isShownToOwner: false });
}
