import type { ClientContext } from '../../kernel';

/** What can have happened. Also the webhook event types of the contract, in lower case with dots. */
export const AuditEventType = {
  /** The first factor was given; FAILURE: it was refused, and no flow began. */
  SIGN_IN_STARTED: 'SIGN_IN_STARTED',
  SIGN_IN_COMPLETED: 'SIGN_IN_COMPLETED',
  /** A signed-in user was asked to prove presence again. */
  STEP_UP_STARTED: 'STEP_UP_STARTED',
  STEP_UP_COMPLETED: 'STEP_UP_COMPLETED',
  SIGN_OUT: 'SIGN_OUT',
  CHALLENGE_SENT: 'CHALLENGE_SENT',
  CHALLENGE_ANSWERED: 'CHALLENGE_ANSWERED',
  /** A user said of a request on the phone: this was not me. */
  APPROVAL_REPORTED: 'APPROVAL_REPORTED',
  FACTOR_ENROLLED: 'FACTOR_ENROLLED',
  FACTOR_REMOVED: 'FACTOR_REMOVED',
  BACKUP_CODES_GENERATED: 'BACKUP_CODES_GENERATED',
  /** Its user asked for it after a second factor, and it now spares that for some days. */
  DEVICE_REMEMBERED: 'DEVICE_REMEMBERED',
  /** Its user ended that: the device is as one never seen. */
  DEVICE_FORGOTTEN: 'DEVICE_FORGOTTEN',
  SIGN_UP_COMPLETED: 'SIGN_UP_COMPLETED',
  PASSWORD_CHANGED: 'PASSWORD_CHANGED',
  EMAIL_CHANGED: 'EMAIL_CHANGED',
  /** A user said of an event in a notice or on the account page: this was not me. */
  ACTIVITY_REPORTED: 'ACTIVITY_REPORTED',
  /** A refresh token came back after its successor was used: the family is revoked. */
  TOKEN_REUSE_DETECTED: 'TOKEN_REUSE_DETECTED',
  /** A locked-out user asked the help desk for a way in. */
  RECOVERY_REQUESTED: 'RECOVERY_REQUESTED',
  /** The help desk approved it (SUCCESS) or denied it (FAILURE). */
  RECOVERY_DECIDED: 'RECOVERY_DECIDED',
  RECOVERY_CANCELED: 'RECOVERY_CANCELED',
  /** A factor was enrolled with it, and all earlier ones are gone. */
  RECOVERY_COMPLETED: 'RECOVERY_COMPLETED',
  TEMPORARY_CODE_ISSUED: 'TEMPORARY_CODE_ISSUED',
  /** An administrator or a back end made the account. */
  USER_INVITED: 'USER_INVITED',
  /** The account came from another system, by a file. */
  USER_IMPORTED: 'USER_IMPORTED',
  /** All that the account is made of was written to an encrypted file. */
  USER_EXPORTED: 'USER_EXPORTED',
  USER_LOCKED: 'USER_LOCKED',
  USER_UNLOCKED: 'USER_UNLOCKED',
  USER_DELETED: 'USER_DELETED',
  ROLES_CHANGED: 'ROLES_CHANGED',
  /** The help desk took factors away. */
  FACTORS_RESET: 'FACTORS_RESET',
  /** The help desk asks a caller to prove who they are. */
  CALLER_CHECK_STARTED: 'CALLER_CHECK_STARTED',
  CALLER_CHECK_COMPLETED: 'CALLER_CHECK_COMPLETED',
  POLICY_CHANGED: 'POLICY_CHANGED',
  /** An address that hears of events was added, changed, paused, resumed, parked or removed. */
  WEBHOOK_CHANGED: 'WEBHOOK_CHANGED',
  /** The oldest part of this log was removed, as its retention allows. */
  AUDIT_PRUNED: 'AUDIT_PRUNED',
  /** An administrator gave a user more time to enroll. */
  ENROLLMENT_EXTENDED: 'ENROLLMENT_EXTENDED',
} as const;
export type AuditEventType = keyof typeof AuditEventType;

export const AuditOutcome = { SUCCESS: 'SUCCESS', FAILURE: 'FAILURE' } as const;
export type AuditOutcome = keyof typeof AuditOutcome;

/** An entry as it was recorded. */
export type RecordedEntry = AuditEntry & { readonly id: string };

/** One thing to be recorded. It holds ids and reasons; never a code, token, secret or full destination. */
export interface AuditEntry {
  readonly type: AuditEventType;
  readonly outcome: AuditOutcome;
  /** Who did it; nobody where it was the gateway, or someone unknown. */
  readonly actorId?: string | null;
  /** Whose account it concerns. */
  readonly userId?: string | null;
  readonly factorKind?: string | null;
  readonly factorId?: string | null;
  readonly flowId?: string | null;
  readonly sessionId?: string | null;
  readonly requestId?: string | null;
  readonly context?: ClientContext | null;
  /** Why, in the gateway's own words (`replay`, `wrong code`): for operators, never for the client. */
  readonly reason?: string | null;
  /** What a person wrote about it. */
  readonly note?: string | null;
  /** What it was made of, as JSON of at most 8 KiB; for operators and administrators. Never a secret. */
  readonly details?: object | null;
}
