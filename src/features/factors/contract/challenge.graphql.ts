import { Field, ID, Int, InterfaceType, ObjectType, registerEnumType } from 'type-graphql';
import { DeliveryStatus } from '../../../kernel';
import { DateTime } from '../../../platform';
import type { ChallengeView } from './challenge-view';
import { Factor, factorKindEnum } from './factor.graphql';

registerEnumType(DeliveryStatus, {
  name: 'DeliveryStatus',
  description: 'Lets the page say `Your phone has it` or `It has not arrived: use a code`.',
  valuesConfig: {
    SENT: { description: 'Handed to the provider.' },
    RECEIVED: { description: 'The phone has fetched it.' },
  },
});

export const CodeFormat = { NUMERIC: 'NUMERIC', ALPHANUMERIC: 'ALPHANUMERIC' } as const;
export type CodeFormat = keyof typeof CodeFormat;
registerEnumType(CodeFormat, { name: 'CodeFormat', description: 'Which keyboard to show.' });

/** Where an approval request stands, in the contract's words. */
export const UserFacingChallengeStatus = {
  PENDING: 'PENDING',
  APPROVED: 'APPROVED',
  DENIED: 'DENIED',
  CANCELED: 'CANCELED',
  EXPIRED: 'EXPIRED',
} as const;
export type UserFacingChallengeStatus = keyof typeof UserFacingChallengeStatus;

@InterfaceType('Challenge', {
  description: 'The question that a flow is asking. Its concrete type says what the page must do.',
})
export abstract class Challenge {
  @Field(() => ID)
  id!: string;

  @Field(() => factorKindEnum)
  kind!: string;

  @Field(() => Factor, {
    nullable: true,
    description: 'Null when the account is not known yet (passkey sign-in, sign-up, reset).',
  })
  factor!: Factor | null;

  @Field(() => DateTime, { description: 'After this the flow goes back to CHALLENGE_REQUIRED.' })
  expiresAt!: Date;

  @Field(() => DateTime, {
    nullable: true,
    description:
      'From when `startChallenge` may be called again for the same factor. Null: cannot be resent.',
  })
  resendableAt!: Date | null;

  @Field(() => DeliveryStatus, {
    nullable: true,
    description: 'How far the SMS, e-mail or push has come. Null if nothing is sent.',
  })
  delivery!: DeliveryStatus | null;
}

@ObjectType('CodeChallenge', {
  implements: Challenge,
  description:
    'Ask for a code (TOTP, SMS, e-mail, backup code, temporary code). Use `autocomplete="one-time-code"`.',
})
export class CodeChallenge extends Challenge {
  @Field(() => String, {
    nullable: true,
    description:
      'Masked destination, for example `•••• •• 42`. Null if nothing was sent (TOTP, backup code).',
  })
  sentTo!: string | null;

  @Field(() => Int)
  codeLength!: number;

  @Field(() => CodeFormat)
  codeFormat!: CodeFormat;

  @Field(() => Int)
  attemptsRemaining!: number;

  static from(view: ChallengeView, codeLength: number, codeFormat: CodeFormat): CodeChallenge {
    return Object.assign(new CodeChallenge(), challengeFields(view), {
      sentTo: view.sentTo,
      codeLength,
      codeFormat,
      attemptsRemaining: view.attemptsRemaining,
    });
  }
}

/** The fields that every challenge type shares. `factor` is filled in by the flow, which knows the factors. */
export const challengeFields = (view: ChallengeView) => ({
  id: view.id,
  kind: view.kind,
  factor: null,
  expiresAt: view.expiresAt,
  resendableAt: view.resendableAt,
  delivery: view.delivery,
});
