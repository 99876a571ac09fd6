import { Field, Int, ObjectType, registerEnumType } from 'type-graphql';
import { AssuranceLevel, Role } from '../../kernel';
import { DateTime, Payload } from '../../platform';
import { factorKindEnum } from '../factors';
import {
  AdminRecovery,
  MfaRequirement,
  RiskResponse,
  RiskSignal,
  kindsAllowedBy,
  type Policy,
  type PolicyRule,
  type SensitiveAction,
} from '../policy';

registerEnumType(MfaRequirement, {
  name: 'MfaRequirement',
  description: 'When a second factor is asked for.',
  valuesConfig: {
    OPTIONAL: { description: 'Only users who enrolled a factor are asked.' },
    WHEN_RISKY: {
      description: 'Asked when the sign-in looks unusual (new device, network, country, speed).',
    },
  },
});
registerEnumType(RiskSignal, {
  name: 'RiskSignal',
  valuesConfig: {
    LONG_INACTIVITY: { description: 'Nobody has signed in to the account for long.' },
    LISTED_NETWORK: {
      description: "An address on the operator's list, for example of anonymising networks.",
    },
    SENSITIVE_ACTION: { description: 'The application names a sensitive action.' },
  },
});
registerEnumType(RiskResponse, {
  name: 'RiskResponse',
  valuesConfig: {
    PROMPT_MFA: {
      description: 'Whoever has a factor is asked for it; a remembered browser does not help.',
    },
    REQUIRE_MFA: {
      description: 'Nobody passes without a factor; grace does not help: whoever has none must enroll.',
    },
  },
});
registerEnumType(AdminRecovery, {
  name: 'AdminRecovery',
  description: 'Whether the help desk can let a locked-out user back in.',
});

@ObjectType('RiskRule', { description: 'What a risk signal leads to.' })
export class RiskRuleType {
  @Field(() => RiskSignal)
  signal!: RiskSignal;

  @Field(() => RiskResponse)
  response!: RiskResponse;
}

@ObjectType('PolicyAction', {
  description: 'What an action needs that an application names in `startStepUp`.',
})
export class PolicyActionType {
  @Field(() => String, { description: 'For example `payments.send`.' })
  name!: string;

  @Field(() => AssuranceLevel)
  minimumAssurance!: AssuranceLevel;

  @Field(() => Int, { description: 'A proof older than this is asked for again.' })
  maxAgeSeconds!: number;

  @Field(() => Boolean, { description: 'Each time anew, whatever was proven a moment ago.' })
  isSingleUse!: boolean;

  static from(action: SensitiveAction): PolicyActionType {
    const { name, minimumAssurance, maxAgeSeconds, isSingleUse } = action;
    return Object.assign(new PolicyActionType(), { name, minimumAssurance, maxAgeSeconds, isSingleUse });
  }
}

@ObjectType('PolicyRule', { description: 'For sign-ins that meet all the conditions given.' })
export class PolicyRuleType {
  @Field(() => String)
  name!: string;

  @Field(() => [Role], { nullable: true })
  roles!: readonly Role[] | null;

  @Field(() => [String], { nullable: true })
  clientIds!: readonly string[] | null;

  @Field(() => [String], { nullable: true, description: 'CIDR blocks.' })
  networks!: readonly string[] | null;

  @Field(() => [RiskSignal], { nullable: true })
  signals!: readonly RiskSignal[] | null;

  @Field(() => MfaRequirement)
  requirement!: MfaRequirement;

  @Field(() => AssuranceLevel)
  minimumAssurance!: AssuranceLevel;

  @Field(() => [factorKindEnum], { nullable: true })
  allowedKinds!: readonly string[] | null;

  @Field(() => Boolean)
  isBlocking!: boolean;

  static from(rule: PolicyRule): PolicyRuleType {
    return Object.assign(new PolicyRuleType(), {
      name: rule.name,
      roles: rule.roles,
      clientIds: rule.clientIds,
      networks: rule.networks,
      signals: rule.signals,
      requirement: rule.requirement,
      minimumAssurance: rule.minimumAssurance,
      allowedKinds: rule.allowedKinds,
      isBlocking: rule.isBlocking,
    });
  }
}

@ObjectType('Policy', {
  description: 'When a second factor is asked for, and which ones. Rules can only make it stricter.',
})
export class PolicyType {
  @Field(() => MfaRequirement)
  requirement!: MfaRequirement;

  @Field(() => Boolean, {
    description: 'True: service accounts are not made to enroll; what they have enrolled is asked for.',
  })
  excludesServiceAccounts!: boolean;

  @Field(() => [RiskRuleType], { description: 'What each risk signal leads to.' })
  riskResponses!: readonly RiskRuleType[];

  @Field(() => [String], { description: 'CIDR blocks, for example of anonymising networks: LISTED_NETWORK.' })
  listedNetworks!: readonly string[];

  @Field(() => Int, { description: 'So many days without a sign-in are LONG_INACTIVITY.' })
  inactivityDays!: number;

  @Field(() => [PolicyActionType], { description: 'Sensitive actions by name.' })
  actions!: readonly PolicyActionType[];

  @Field(() => [factorKindEnum])
  allowedKinds!: readonly string[];

  @Field(() => AssuranceLevel)
  minimumAssurance!: AssuranceLevel;

  @Field(() => Int, {
    description: 'Digits of the number to type on the phone, 2 to 6. There is no approving without a number.',
  })
  pushDigits!: number;

  @Field(() => Int, { description: '0: browsers cannot be remembered.' })
  rememberDeviceDays!: number;

  @Field(() => Int, { description: 'How long a step-up stays good.' })
  stepUpMaxAgeSeconds!: number;

  @Field(() => Int, {
    description: 'Days from when the requirement first applies to a user. The deadline is then fixed.',
  })
  enrollmentGraceDays!: number;

  @Field(() => AdminRecovery)
  adminRecovery!: AdminRecovery;

  @Field(() => Int)
  backupCodeCount!: number;

  @Field(() => Int, { description: 'How long an approved recovery waits, so that the owner can stop it.' })
  recoveryWaitingHours!: number;

  @Field(() => Int, { description: 'How long after the waiting period it may be used.' })
  recoveryTimeoutHours!: number;

  @Field(() => Int, { description: 'By how many different people a recovery must be approved.' })
  recoveryApprovals!: number;

  @Field(() => Int)
  maximumAttempts!: number;

  @Field(() => [PolicyRuleType])
  rules!: readonly PolicyRuleType[];

  @Field(() => Int, {
    description: "Send it back in `updatePolicy` so that no one's change is lost.",
  })
  version!: number;

  @Field(() => DateTime)
  updatedAt!: Date;

  // Shown as a user.
  updatedById!: string | null;

  static from(policy: Policy): PolicyType {
    const { riskResponses, actions, rules, updatedBy, ...shown } = policy;
    return Object.assign(new PolicyType(), {
      ...shown,
      allowedKinds: kindsAllowedBy(policy),
      riskResponses: Object.values(RiskSignal).map((signal) =>
        Object.assign(new RiskRuleType(), { signal, response: riskResponses[signal] }),
      ),
      actions: actions.map((action) => PolicyActionType.from(action)),
      rules: rules.map((rule) => PolicyRuleType.from(rule)),
      updatedById: updatedBy,
    });
  }
}

@ObjectType('PolicyPayload', { implements: Payload })
export class PolicyPayload extends Payload {
  @Field(() => PolicyType, { nullable: true })
  policy: PolicyType | null = null;
}
