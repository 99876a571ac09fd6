import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { DeliveryStatus } from '../../kernel';
import type { ChallengeRow, ChallengeStatus } from './challenge';

@Entity('challenge')
export class ChallengeEntity implements ChallengeRow {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ type: 'text' })
  flowId!: string;

  @Column({ type: 'text', nullable: true })
  userId!: string | null;

  @Column({ type: 'text', nullable: true })
  factorId!: string | null;

  @Column({ type: 'text' })
  kind!: string;

  @Column({ type: 'text' })
  status!: ChallengeStatus;

  @Column({ type: 'integer' })
  attempts!: number;

  @Column({ type: 'integer' })
  attemptsMax!: number;

  /** What the kind keeps until the answer: a number, a nonce, a code's hash. */
  @Column({ type: 'text', nullable: true })
  sealedKept!: string | null;

  @Column({ type: 'text', nullable: true })
  sentTo!: string | null;

  @Column({ type: 'text', nullable: true })
  delivery!: DeliveryStatus | null;

  @Column({ type: 'timestamptz' })
  createdAt!: Date;

  @Column({ type: 'timestamptz' })
  expiresAt!: Date;

  @Column({ type: 'timestamptz', nullable: true })
  resendableAt!: Date | null;

  @Column({ type: 'timestamptz', nullable: true })
  endedAt!: Date | null;
}
