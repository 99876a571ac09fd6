import type { AssuranceLevel } from './assurance';

/** Why a mutation did not do what was asked: expected failures, which travel as data in `errors`. */
export const ERROR_CODES = {
  INVALID_INPUT: ['A field is missing or malformed; see `path`.', 'Please check this field.'],
  WEAK_PASSWORD: ['The password breaks the password rules.', 'Please choose a stronger password.'],
  BREACHED_PASSWORD: [
    'The password is known from a data breach.',
    'This password is known from a data breach. Please choose another one.',
  ],
  INVALID_CREDENTIALS: [
    'E-mail or password is wrong. Deliberately the same for an unknown account.',
    'E-mail or password is wrong.',
  ],
  INVALID_CODE: ['The code is wrong.', 'That code is not right. Please try again.'],
  INVALID_PROOF: [
    'The passkey response, device signature or matching number is wrong.',
    'That answer is not right. Please try again.',
  ],
  INVALID_TOKEN: [
    'The flow, enrollment, pairing, refresh or other token is unknown, expired or already used.',
    'This is no longer valid. Please begin again.',
  ],
  WRONG_STATUS: ['The flow or enrollment is not in a status that allows this.', 'That cannot be done now.'],
  CHALLENGE_CLOSED: [
    'The challenge is over: answered, expired, replaced or refused. The first answer stands.',
    'This request is over.',
  ],
  TOO_SOON: ['A resend was asked for before `resendableAt`.', 'Please wait a moment before asking again.'],
  RATE_LIMITED: ['Too many tries; see `retryAt`.', 'Too many tries. Please wait before trying again.'],
  TOO_MANY_ATTEMPTS: [
    'Too many wrong answers. The flow has ended.',
    'Too many wrong answers. Please sign in again.',
  ],
  ACCOUNT_LOCKED: [
    'The account is locked; see `retryAt`, which is null if only an administrator can unlock it. Told only after the right first factor.',
    'This account is locked. Please contact your administrator.',
  ],
  BLOCKED_BY_POLICY: ['The policy forbids this from here.', 'Your organisation does not allow this.'],
  STEP_UP_REQUIRED: [
    'The session is not strong or fresh enough. Run `startStepUp`, then repeat the call.',
    'Please confirm that it is you first.',
  ],
  DELIVERY_FAILED: [
    'Sending is switched off, used up or broken for this channel. Offer another factor.',
    'The message could not be sent. Please use another way.',
  ],
  FACTOR_NOT_AVAILABLE: [
    'That factor kind or factor cannot be used here.',
    'That way of signing in is not available here.',
  ],
  FACTOR_ALREADY_ENROLLED: [
    'That phone, address, passkey or device is already enrolled.',
    'This is already enrolled.',
  ],
  FACTOR_LIMIT_REACHED: ['No more factors of this kind are allowed.', 'You cannot add another one of these.'],
  LAST_FACTOR: [
    'The policy demands at least one factor: add another before removing this one.',
    'This is your only way to confirm that it is you. Add another one first.',
  ],
  NOT_FOUND: ['No such object, or not visible to you.', 'Not found.'],
  CONFLICT: ['Someone else changed it meanwhile.', 'This was changed meanwhile. Please try again.'],
} as const satisfies Record<string, readonly [description: string, message: string]>;
export type ErrorCode = keyof typeof ERROR_CODES;

/** What the caller may know about an expected failure besides its code. */
export interface FaultFacts {
  /** Replaces the standard text; must be safe to show. */
  readonly message?: string;
  readonly path?: readonly string[];
  readonly retryAt?: Date | null;
  readonly attemptsRemaining?: number;
  readonly requiredAssurance?: AssuranceLevel;
  readonly maxAgeSeconds?: number;
}
export interface Fault extends FaultFacts {
  readonly code: ErrorCode;
}

/** An expected failure. Resolvers turn it into `errors` of the payload; it never becomes a top-level error. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly faults: readonly Fault[];

  /** `detail` goes to the log only. */
  constructor(code: ErrorCode, facts: FaultFacts = {}, detail?: string) {
    super(detail ?? code);
    this.faults = [{ code, ...facts }];
  }

  static ofFaults(faults: readonly Fault[]): Refusal {
    const refusal = new Refusal(faults[0]?.code ?? 'INVALID_INPUT');
    (refusal as { faults: readonly Fault[] }).faults = faults;
    return refusal;
  }

  get code(): ErrorCode {
    return this.faults[0]?.code ?? 'INVALID_INPUT';
  }
}

/** The only codes that a top-level GraphQL error may carry. */
export const REQUEST_CODES = [
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'BAD_USER_INPUT',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_REJECTED',
  'RATE_LIMITED',
  'SERVICE_UNAVAILABLE',
  'INTERNAL_SERVER_ERROR',
] as const;
export type RequestCode = (typeof REQUEST_CODES)[number];

const REQUEST_TEXTS: Record<RequestCode, string> = {
  UNAUTHENTICATED: 'Please sign in.',
  FORBIDDEN: 'You may not do this.',
  BAD_USER_INPUT: 'The variables do not fit the operation.',
  GRAPHQL_PARSE_FAILED: 'The document is not GraphQL.',
  GRAPHQL_VALIDATION_FAILED: 'The document does not fit the schema.',
  OPERATION_REJECTED: 'The operation is over a limit.',
  RATE_LIMITED: 'Too many requests.',
  SERVICE_UNAVAILABLE: 'The service is not available right now. Please try again.',
  INTERNAL_SERVER_ERROR: 'Something went wrong.',
};

/** A request that cannot be answered at all: becomes a top-level GraphQL error. */
export class RequestFault extends Error {
  override readonly name = 'RequestFault';

  /** `message` is public; `detail` goes to the log only. */
  constructor(
    readonly code: RequestCode,
    message: string = REQUEST_TEXTS[code],
    readonly detail?: string,
  ) {
    super(message);
  }
}
