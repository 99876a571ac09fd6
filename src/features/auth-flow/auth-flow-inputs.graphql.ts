import { Field, ID, InputType, Int } from 'type-graphql';
import { z } from 'zod';
import { AssuranceLevel } from '../../kernel';
import { opaqueToken, presentedId, shortText } from '../../platform';
import { ProofInput, proofInput } from '../factors';
import { actionName } from '../policy';

const MINIMUM = 'Ask for at least this level, even if the policy demands less.';

@InputType('SignInInput')
export class SignInInput {
  @Field(() => String)
  email!: string;

  @Field(() => String)
  password!: string;

  @Field(() => String, {
    nullable: true,
    description: "The application to sign in to. Default: the gateway's default application.",
  })
  clientId?: string | null;

  @Field(() => AssuranceLevel, { nullable: true, description: MINIMUM })
  minimumAssurance?: AssuranceLevel | null;

  @Field(() => Boolean, {
    defaultValue: true,
    description: `Start the best factor's challenge at once (sends the push, SMS or e-mail). False: let the user choose. Never fails the sign-in: what cannot be
started leaves the flow in CHALLENGE_REQUIRED with its reason. A push is not started from a device never seen before.`,
  })
  autoStart!: boolean;

  @Field(() => String, {
    nullable: true,
    description: 'From `Tokens.deviceToken`. Not needed in cookie mode.',
  })
  deviceToken?: string | null;
}

export const signInInput = z.object({
  email: z.string().trim().min(1, 'Please enter your e-mail address.').max(320, 'This is too long.'),
  password: z.string().min(1, 'Please enter your password.').max(4096, 'This is too long.'),
  clientId: z.string().max(64, 'This is too long.').optional(),
  minimumAssurance: z.enum(AssuranceLevel).optional(),
  autoStart: z.boolean().default(true),
  deviceToken: opaqueToken.optional(),
});

@InputType('StartStepUpInput')
export class StartStepUpInput {
  @Field(() => String, {
    nullable: true,
    description: 'For an account without a factor: proves the password again.',
  })
  password?: string | null;

  @Field(() => AssuranceLevel, { defaultValue: AssuranceLevel.AAL2 })
  minimumAssurance!: AssuranceLevel;

  @Field(() => Int, {
    defaultValue: 0,
    description: 'Prove again if the last proof is older than this. 0: always.',
  })
  maxAgeSeconds!: number;

  @Field(() => String, {
    nullable: true,
    description:
      'A sensitive action by name, for example `payments.send`: the policy says what it needs, never less than asked here. The token says it as `txn_action`.',
  })
  action?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'Shown on the phone, for example `Pay €500 to Bob`; where the phone has signed it, the token says it as `txn_message`, and its SHA-256 as `txn_hash`.',
  })
  message?: string | null;

  @Field(() => Boolean, { defaultValue: true })
  autoStart!: boolean;
}

export const startStepUpInput = z.object({
  password: z.string().max(4096, 'This is too long.').optional(),
  minimumAssurance: z.enum(AssuranceLevel).default('AAL2'),
  maxAgeSeconds: z
    .number()
    .int()
    .min(0, 'This cannot be negative.')
    .max(86_400, 'At most one day.')
    .default(0),
  action: actionName.optional(),
  message: shortText(200).optional(),
  autoStart: z.boolean().default(true),
});

@InputType('StartChallengeInput')
export class StartChallengeInput {
  @Field(() => String)
  flowToken!: string;

  @Field(() => ID, {
    nullable: true,
    description:
      'One of `AuthFlow.factors`; the same one again means: resend. Null: send the open challenge again.',
  })
  factorId?: string | null;
}

export const startChallengeInput = z.object({ flowToken: opaqueToken, factorId: presentedId.optional() });

@InputType('VerifyChallengeInput')
export class VerifyChallengeInput {
  @Field(() => String)
  flowToken!: string;

  @Field(() => ProofInput)
  proof!: ProofInput;

  @Field(() => ID, {
    nullable: true,
    description: 'Guards against answering a challenge that was replaced in another tab.',
  })
  challengeId?: string | null;

  @Field(() => Boolean, {
    defaultValue: false,
    description: 'Ask no second factor from this browser for `AuthFlow.rememberDeviceDays`.',
  })
  rememberDevice!: boolean;
}

export const verifyChallengeInput = z.object({
  flowToken: opaqueToken,
  proof: proofInput,
  challengeId: presentedId.optional(),
  rememberDevice: z.boolean().default(false),
});

@InputType('CompleteAuthFlowInput')
export class CompleteAuthFlowInput {
  @Field(() => String)
  flowToken!: string;

  @Field(() => Boolean, {
    defaultValue: false,
    description: 'As in `VerifyChallengeInput`, for flows that were approved on a phone.',
  })
  rememberDevice!: boolean;
}

export const completeAuthFlowInput = z.object({
  flowToken: opaqueToken,
  rememberDevice: z.boolean().default(false),
});

@InputType('CancelAuthFlowInput')
export class CancelAuthFlowInput {
  @Field(() => String)
  flowToken!: string;
}

export const flowTokenInput = z.object({ flowToken: opaqueToken });
