import type { DeliveryStatus } from '../../../kernel';

/** An open challenge as its GraphQL type is made from it. */
export interface ChallengeView {
  readonly id: string;
  readonly kind: string;
  readonly factorId: string | null;
  readonly expiresAt: Date;
  readonly resendableAt: Date | null;
  readonly delivery: DeliveryStatus | null;
  readonly sentTo: string | null;
  readonly attemptsRemaining: number;
  readonly kept: unknown;
}
