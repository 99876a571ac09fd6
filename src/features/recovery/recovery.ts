import type { ClientContext } from '../../kernel';
import type { IdentityCheck } from '../administration';

/** Where a recovery request stands. */
export const RecoveryStatus = {
  PENDING: 'PENDING',
  APPROVED: 'APPROVED',
  READY: 'READY',
  COMPLETED: 'COMPLETED',
  DENIED: 'DENIED',
  CANCELED: 'CANCELED',
  EXPIRED: 'EXPIRED',
} as const;
export type RecoveryStatus = keyof typeof RecoveryStatus;

export interface RecoveryRow {
  readonly id: string;
  readonly userId: string;
  /** The flow that it was asked for in. */
  readonly flowId: string;
  readonly status: RecoveryStatus;
  readonly message: string | null;
  readonly context: ClientContext;
  readonly requiredApprovals: number;
  readonly isEmergency: boolean;
  readonly createdAt: Date;
  /** When the last approval was given. */
  readonly approvedAt: Date | null;
  readonly readyAt: Date | null;
  readonly expiresAt: Date;
  readonly toldHalfAt: Date | null;
  /** The temporary code, once it was sent. */
  readonly factorId: string | null;
  readonly endedAt: Date | null;
}

/** A request as it stands at an instant. */
export interface RecoveryNow extends RecoveryRow {
  readonly now: Date;
}

export interface RecoveryDecision {
  readonly requestId: string;
  readonly deciderId: string;
  readonly isApproval: boolean;
  readonly isEmergency: boolean;
  readonly identityCheck: IdentityCheck | null;
  readonly evidenceReference: string | null;
  readonly note: string;
  readonly decidedAt: Date;
}

/** Time alone makes a request ready, and ends it: both hold before anything has recorded them. */
export function asOfNow(request: RecoveryNow): RecoveryNow {
  const { endedAt, expiresAt, readyAt, status, now } = request;
  if (endedAt !== null) return request;
  if (expiresAt <= now) return { ...request, status: 'EXPIRED' };
  return status === 'APPROVED' && readyAt !== null && readyAt <= now
    ? { ...request, status: 'READY' }
    : request;
}

/** Whether it can still lead somewhere, and so can still be stopped. */
export const isLive = ({ status }: Pick<RecoveryRow, 'status'>): boolean =>
  status === 'PENDING' || status === 'APPROVED' || status === 'READY';
