import type { DeliveryStatus } from '../../kernel';
import type { UserFacingChallengeStatus } from '../factors';

/** `FAILED`: too many wrong answers. `CANCELED`: replaced or withdrawn. Only an OPEN one can be answered. */
export type ChallengeStatus = 'OPEN' | 'ACCEPTED' | 'DENIED' | 'CANCELED' | 'EXPIRED' | 'FAILED';

export interface ChallengeRow {
  readonly id: string;
  readonly flowId: string;
  /** Null with `factorId`: an address is proven that belongs to no factor, and perhaps to nobody. */
  readonly userId: string | null;
  readonly factorId: string | null;
  readonly kind: string;
  readonly status: ChallengeStatus;
  /** Wrong answers so far in the whole flow. */
  readonly attempts: number;
  readonly attemptsMax: number;
  readonly sealedKept: string | null;
  readonly sentTo: string | null;
  readonly delivery: DeliveryStatus | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly resendableAt: Date | null;
}

/** Expiry is a fact of the row: it holds before anything has recorded it. */
export const isOpen = (challenge: Pick<ChallengeRow, 'status' | 'expiresAt'>, now: Date): boolean =>
  challenge.status === 'OPEN' && challenge.expiresAt > now;

/** The status in the words that the device's API uses. */
export function userFacingStatus(challenge: ChallengeRow, now: Date): UserFacingChallengeStatus {
  if (challenge.status === 'OPEN') return isOpen(challenge, now) ? 'PENDING' : 'EXPIRED';
  if (challenge.status === 'ACCEPTED') return 'APPROVED';
  return challenge.status === 'FAILED' ? 'DENIED' : challenge.status;
}

export const placeOfKept = ({ id, userId, flowId }: Pick<ChallengeRow, 'id' | 'userId' | 'flowId'>) => ({
  table: 'challenge',
  column: 'sealed_kept',
  row: id,
  user: userId ?? flowId,
});
