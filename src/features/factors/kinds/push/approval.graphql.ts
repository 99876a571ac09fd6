import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { AuthFlowPurpose } from '../../../../kernel';
import { DateTime, Payload } from '../../../../platform';
import { ClientContextType, UserFacingChallengeStatus, type DeviceChallenge } from '../../contract';
import { keptApproval } from './approval';
import { ApprovalDecision } from './approval-answer';

registerEnumType(UserFacingChallengeStatus, {
  name: 'ApprovalStatus',
  description: 'Where an approval request stands.',
  valuesConfig: { CANCELED: { description: 'Replaced or withdrawn.' } },
});
registerEnumType(ApprovalDecision, {
  name: 'ApprovalDecision',
  description: 'The answer given on the device.',
  valuesConfig: {
    DENY: { description: 'Not now, or by mistake. Ends the challenge.' },
    REPORT: {
      description: 'It was not me. Ends the flow, warns the user and the administrators, pauses push.',
    },
  },
});

@ObjectType('ApprovalRequest', {
  description: 'Is it you? Show where it comes from before offering Approve.',
})
export class ApprovalRequest {
  @Field(() => ID)
  id!: string;

  @Field(() => UserFacingChallengeStatus)
  status!: UserFacingChallengeStatus;

  @Field(() => AuthFlowPurpose)
  purpose!: AuthFlowPurpose;

  @Field(() => String, { nullable: true })
  applicationName!: string | null;

  @Field(() => String, { nullable: true, description: 'From `StartStepUpInput.message`.' })
  message!: string | null;

  @Field(() => ClientContextType, { description: 'Where the request comes from.' })
  context!: ClientContextType;

  @Field(() => Int, { description: 'How many digits to ask for.' })
  numberDigits!: number;

  @Field(() => String, {
    description: 'Must be signed together with the decision; see `RespondToApprovalInput.answer`.',
  })
  nonce!: string;

  @Field(() => DateTime)
  createdAt!: Date;

  @Field(() => DateTime)
  expiresAt!: Date;

  /** Everything but the number: that is shown on the login screen only. */
  static from(challenge: DeviceChallenge): ApprovalRequest {
    const kept = keptApproval.parse(challenge.kept);
    return Object.assign(new ApprovalRequest(), {
      id: challenge.id,
      status: challenge.status,
      purpose: kept.purpose,
      applicationName: kept.applicationName,
      message: kept.message,
      context: ClientContextType.from(kept.context),
      numberDigits: kept.digits,
      nonce: kept.nonce,
      createdAt: challenge.createdAt,
      expiresAt: challenge.expiresAt,
    });
  }
}

@ObjectType('ApprovalPayload', { implements: Payload })
export class ApprovalPayload extends Payload {
  @Field(() => ApprovalRequest, { nullable: true })
  approval: ApprovalRequest | null = null;
}

@InputType('RespondToApprovalInput')
export class RespondToApprovalInput {
  @Field(() => String, {
    description:
      'Compact JWS by the device key: header `{ alg, typ: "approval+jwt", kid: <device id> }`, payload ' +
      '`{ aud, iat, approvalId, nonce, decision, number,\nmessageHash }`. `number` as shown on the login ' +
      'page, needed to approve. `messageHash`: base64url SHA-256 of `message`, if there is one.',
  })
  answer!: string;
}
