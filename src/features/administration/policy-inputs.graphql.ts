import { Field, ID, InputType, Int } from 'type-graphql';
import { AssuranceLevel, Role } from '../../kernel';
import { DateTime } from '../../platform';
import { factorKindEnum } from '../factors';
import { AdminRecovery, MfaRequirement, RiskResponse, RiskSignal } from '../policy';

@InputType('RiskRuleInput')
export class RiskRuleInput {
  @Field(() => RiskSignal)
  signal!: RiskSignal;

  @Field(() => RiskResponse)
  response!: RiskResponse;
}

@InputType('PolicyActionInput')
export class PolicyActionInput {
  @Field(() => String)
  name!: string;

  @Field(() => AssuranceLevel, { defaultValue: AssuranceLevel.AAL2 })
  minimumAssurance!: AssuranceLevel;

  @Field(() => Int, { defaultValue: 300 })
  maxAgeSeconds!: number;

  @Field(() => Boolean, { defaultValue: false })
  isSingleUse!: boolean;
}

@InputType('PolicyRuleInput')
export class PolicyRuleInput {
  @Field(() => String)
  name!: string;

  @Field(() => [Role], { nullable: true })
  roles?: Role[] | null;

  @Field(() => [String], { nullable: true })
  clientIds?: string[] | null;

  @Field(() => [String], { nullable: true })
  networks?: string[] | null;

  @Field(() => [RiskSignal], { nullable: true })
  signals?: RiskSignal[] | null;

  @Field(() => MfaRequirement, { defaultValue: MfaRequirement.ALWAYS })
  requirement!: MfaRequirement;

  @Field(() => AssuranceLevel, { defaultValue: AssuranceLevel.AAL2 })
  minimumAssurance!: AssuranceLevel;

  @Field(() => [factorKindEnum], { nullable: true })
  allowedKinds?: string[] | null;

  @Field(() => Boolean, { defaultValue: false })
  isBlocking!: boolean;
}

@InputType('UpdatePolicyInput', {
  description:
    'Fields left out or null stay as they are; `rules`, `actions` and other lists replace the whole list. Of `riskResponses` only the signals named change.',
})
export class UpdatePolicyInput {
  @Field(() => Int, {
    description: 'The version that the change was made on. Not looked at by a preview or a replay.',
  })
  version!: number;

  @Field(() => MfaRequirement, { nullable: true })
  requirement?: MfaRequirement | null;

  @Field(() => [factorKindEnum], { nullable: true })
  allowedKinds?: string[] | null;

  @Field(() => AssuranceLevel, { nullable: true })
  minimumAssurance?: AssuranceLevel | null;

  @Field(() => Int, { nullable: true })
  pushDigits?: number | null;

  @Field(() => Int, { nullable: true })
  rememberDeviceDays?: number | null;

  @Field(() => Int, { nullable: true })
  stepUpMaxAgeSeconds?: number | null;

  @Field(() => Int, { nullable: true })
  enrollmentGraceDays?: number | null;

  @Field(() => Int, { nullable: true })
  backupCodeCount?: number | null;

  @Field(() => Int, { nullable: true })
  recoveryWaitingHours?: number | null;

  @Field(() => Int, { nullable: true })
  recoveryTimeoutHours?: number | null;

  @Field(() => Int, { nullable: true })
  recoveryApprovals?: number | null;

  @Field(() => AdminRecovery, { nullable: true })
  adminRecovery?: AdminRecovery | null;

  @Field(() => Int, { nullable: true })
  maximumAttempts?: number | null;

  @Field(() => Boolean, { nullable: true })
  excludesServiceAccounts?: boolean | null;

  @Field(() => [RiskRuleInput], { nullable: true })
  riskResponses?: RiskRuleInput[] | null;

  @Field(() => [String], { nullable: true })
  listedNetworks?: string[] | null;

  @Field(() => Int, { nullable: true })
  inactivityDays?: number | null;

  @Field(() => [PolicyActionInput], { nullable: true })
  actions?: PolicyActionInput[] | null;

  @Field(() => [PolicyRuleInput], { nullable: true })
  rules?: PolicyRuleInput[] | null;
}

@InputType('ExtendEnrollmentDeadlineInput')
export class ExtendEnrollmentDeadlineInput {
  @Field(() => ID)
  userId!: string;

  @Field(() => DateTime, {
    description: 'Later than the present deadline, and at most 90 days from now.',
  })
  until!: Date;

  @Field(() => String, { description: 'Why; at most 500 characters.' })
  note!: string;
}
