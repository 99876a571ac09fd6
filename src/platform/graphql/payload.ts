import { Field, Int, InterfaceType, ObjectType, registerEnumType } from 'type-graphql';
import { AssuranceLevel, ERROR_CODES, Refusal, type ErrorCode, type Fault } from '../../kernel';
import { DateTime } from './scalars';

const ErrorCodes = Object.fromEntries(Object.keys(ERROR_CODES).map((code) => [code, code])) as Record<
  ErrorCode,
  string
>;
registerEnumType(ErrorCodes, {
  name: 'ErrorCode',
  description: 'Why a mutation did not do what was asked.',
  valuesConfig: Object.fromEntries(
    Object.entries(ERROR_CODES).map(([code, [description]]) => [code, { description }]),
  ),
});
registerEnumType(AssuranceLevel, {
  name: 'AssuranceLevel',
  description:
    "Authenticator assurance levels of NIST SP 800-63B. The token's `acr` claim is `aal1`, `aal2`, `aal2-phr` or `aal3`.",
  valuesConfig: {
    AAL1: { description: 'One factor.' },
    AAL2: { description: 'Two factors.' },
    AAL2_PHR: { description: 'Two factors, one of them phishing-resistant (any passkey).' },
    AAL3: { description: 'Two factors, one of them a phishing-resistant key that cannot leave its device.' },
  },
});

@ObjectType('UserError', { description: 'An expected failure that the user interface should handle.' })
export class UserErrorType {
  @Field(() => ErrorCodes, {
    description:
      'Stable and machine-readable. Switch on this; keep a default branch, since codes may be added.',
  })
  code!: ErrorCode;

  @Field(() => String, {
    description: "Safe to show to the user, in the request's language (Accept-Language).",
  })
  message!: string;

  @Field(() => [String], {
    nullable: true,
    description: 'Where in the input the fault lies, for example `["input", "email"]`.',
  })
  path!: readonly string[] | null;

  @Field(() => DateTime, {
    nullable: true,
    description: 'When it makes sense to try again (RATE_LIMITED, ACCOUNT_LOCKED, TOO_SOON).',
  })
  retryAt!: Date | null;

  @Field(() => Int, {
    nullable: true,
    description: 'How many wrong answers are still allowed (INVALID_CODE, INVALID_PROOF).',
  })
  attemptsRemaining!: number | null;

  @Field(() => AssuranceLevel, {
    nullable: true,
    description: 'The level that `startStepUp` must reach first (STEP_UP_REQUIRED).',
  })
  requiredAssurance!: AssuranceLevel | null;

  @Field(() => Int, { nullable: true, description: 'How fresh that proof must be (STEP_UP_REQUIRED).' })
  maxAgeSeconds!: number | null;

  static from(fault: Fault): UserErrorType {
    return Object.assign(new UserErrorType(), {
      code: fault.code,
      message: fault.message ?? ERROR_CODES[fault.code][1],
      path: fault.path ?? null,
      retryAt: fault.retryAt ?? null,
      attemptsRemaining: fault.attemptsRemaining ?? null,
      requiredAssurance: fault.requiredAssurance ?? null,
      maxAgeSeconds: fault.maxAgeSeconds ?? null,
    });
  }
}

@InterfaceType('Payload', {
  description:
    'What every mutation returns. Use `fragment Errors on Payload { errors { code message path } }` everywhere.',
})
export abstract class Payload {
  @Field(() => [UserErrorType], { description: 'Empty when the mutation did what was asked.' })
  errors: UserErrorType[] = [];
}

/**
 * Runs a mutation: what it gives becomes the payload, an expected refusal becomes `errors`.
 * `beside` adds what the caller should see next to a refusal, such as the flow as it now stands.
 */
export async function payload<P extends Payload>(
  type: new () => P,
  run: () => Promise<Partial<P>>,
  beside?: (refusal: Refusal) => Promise<Partial<P>>,
): Promise<P> {
  try {
    return Object.assign(new type(), await run());
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const more = beside ? await beside(error) : {};
    return Object.assign(new type(), more, {
      errors: error.faults.map((fault) => UserErrorType.from(fault)),
    });
  }
}
