/** What a flow is for. Kinds and devices are told, so the word lives below them. */
export const AuthFlowPurpose = {
  SIGN_IN: 'SIGN_IN',
  SIGN_UP: 'SIGN_UP',
  PASSWORD_RESET: 'PASSWORD_RESET',
  EMAIL_CHANGE: 'EMAIL_CHANGE',
  STEP_UP: 'STEP_UP',
  CALLER_CHECK: 'CALLER_CHECK',
} as const;
export type AuthFlowPurpose = keyof typeof AuthFlowPurpose;

/** How far a message or push has come. */
export const DeliveryStatus = {
  QUEUED: 'QUEUED',
  SENT: 'SENT',
  RECEIVED: 'RECEIVED',
  FAILED: 'FAILED',
} as const;
export type DeliveryStatus = keyof typeof DeliveryStatus;

/** Why a flow moved to its present status. */
export const AuthFlowReason = {
  CHALLENGE_TIMED_OUT: 'CHALLENGE_TIMED_OUT',
  DELIVERY_FAILED: 'DELIVERY_FAILED',
  NUMBER_MISMATCH: 'NUMBER_MISMATCH',
  USER_DENIED: 'USER_DENIED',
  USER_REPORTED: 'USER_REPORTED',
  CHALLENGE_REPLACED: 'CHALLENGE_REPLACED',
  TOO_MANY_ATTEMPTS: 'TOO_MANY_ATTEMPTS',
  BLOCKED_BY_POLICY: 'BLOCKED_BY_POLICY',
  CHALLENGE_NOT_NEEDED: 'CHALLENGE_NOT_NEEDED',
} as const;
export type AuthFlowReason = keyof typeof AuthFlowReason;

/** What a user may do. Each role includes the ones above it. */
export const Role = { USER: 'USER', HELP_DESK: 'HELP_DESK', ADMIN: 'ADMIN' } as const;
export type Role = keyof typeof Role;

const RANK: Record<Role, number> = { USER: 0, HELP_DESK: 1, ADMIN: 2 };

/** Whether one of the roles held is, or includes, the role wanted. */
export const hasRole = (held: readonly Role[], wanted: Role): boolean =>
  held.some((role) => RANK[role] >= RANK[wanted]);

/** Where an address is, as far as the database of places knows. */
export interface Place {
  /** ISO 3166 code. */
  readonly country: string;
  /** Null where only the country is known. */
  readonly city: string | null;
  readonly latitude: number | null;
  readonly longitude: number | null;
}

/** Where a request came from, as far as the gateway can tell. Cleaned of control and bidi characters. */
export interface ClientContext {
  readonly ipAddress: string | null;
  readonly location: string | null;
  readonly browser: string | null;
  readonly operatingSystem: string | null;
}
