/** Where an enrollment stands. */
export const EnrollmentStatus = { PENDING: 'PENDING', CONFIRMED: 'CONFIRMED', EXPIRED: 'EXPIRED' } as const;
export type EnrollmentStatus = keyof typeof EnrollmentStatus;

export interface EnrollmentRow {
  readonly id: string;
  readonly userId: string;
  readonly kind: string;
  readonly status: EnrollmentStatus;
  readonly sealedKept: string | null;
  readonly label: string | null;
  /** Masked destination of the code that was sent. */
  readonly sentTo: string | null;
  readonly resendableAt: Date | null;
  /** The id that the factor will have, reserved: secrets are sealed for its row. */
  readonly factorId: string;
  readonly flowId: string | null;
  readonly sessionId: string | null;
  readonly isByBackupCode: boolean;
  readonly expiresAt: Date;
}

export interface EnrollmentNow extends EnrollmentRow {
  readonly now: Date;
}

/** Expiry holds before the sweeper has recorded it. */
export const asOfNow = (enrollment: EnrollmentNow): EnrollmentNow =>
  enrollment.status === 'PENDING' && enrollment.expiresAt <= enrollment.now
    ? { ...enrollment, status: 'EXPIRED' }
    : enrollment;

export const placeOfKept = ({ id, userId }: Pick<EnrollmentRow, 'id' | 'userId'>) => ({
  table: 'enrollment',
  column: 'sealed_kept',
  row: id,
  user: userId,
});
