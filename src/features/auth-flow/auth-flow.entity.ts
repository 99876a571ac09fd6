import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { AssuranceLevel, AuthFlowPurpose, AuthFlowReason, ClientContext, Proven } from '../../kernel';
import type { Place, PromptReason } from '../policy';
import type { FlowRow } from './flow';
import type { AuthFlowStatus } from './transitions';

@Entity('auth_flow')
export class AuthFlowEntity implements FlowRow {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ type: 'text' })
  purpose!: AuthFlowPurpose;

  @Column({ type: 'text' })
  status!: AuthFlowStatus;

  @Column({ type: 'text', nullable: true })
  reason!: AuthFlowReason | null;

  @Column({ type: 'text', nullable: true })
  userId!: string | null;

  @Column({ type: 'text', nullable: true })
  sealedSubject!: string | null;

  @Column({ type: 'bytea' })
  tokenHash!: Buffer;

  @Column({ type: 'text' })
  clientId!: string;

  @Column({ type: 'text' })
  applicationName!: string;

  @Column({ type: 'text' })
  requiredAssurance!: AssuranceLevel;

  @Column({ type: 'text', array: true })
  promptReasons!: PromptReason[];

  @Column({ type: 'jsonb' })
  proofs!: Proven[];

  @Column({ type: 'integer', nullable: true })
  policyVersion!: number | null;

  @Column({ type: 'text', array: true, nullable: true })
  allowedKinds!: string[] | null;

  @Column({ type: 'integer' })
  attemptsMax!: number;

  @Column({ type: 'integer' })
  pushDigits!: number;

  @Column({ type: 'timestamptz', nullable: true })
  enrollmentDueAt!: Date | null;

  @Column({ type: 'integer', nullable: true })
  rememberDeviceDays!: number | null;

  @Column({ type: 'text', nullable: true })
  action!: string | null;

  @Column({ type: 'jsonb', nullable: true })
  place!: Place | null;

  @Column({ type: 'text', nullable: true })
  sessionId!: string | null;

  @Column({ type: 'text', nullable: true })
  knownDeviceId!: string | null;

  @Column({ type: 'text', nullable: true })
  message!: string | null;

  @Column({ type: 'jsonb' })
  context!: ClientContext;

  /** Keyed hash of the answer that completed the flow: only the same call may ask for the same reply again. */
  @Column({ type: 'bytea', nullable: true })
  completedBy!: Buffer | null;

  @Column({ type: 'integer' })
  version!: number;

  @Column({ type: 'timestamptz' })
  createdAt!: Date;

  @Column({ type: 'timestamptz' })
  expiresAt!: Date;

  @Column({ type: 'timestamptz', nullable: true })
  endedAt!: Date | null;
}
