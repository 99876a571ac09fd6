import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Amr, AssuranceLevel, ClientContext, Proven } from '../../kernel';
import type { Session } from './session';

@Entity('session')
export class SessionEntity implements Session {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ type: 'text' })
  userId!: string;

  @Column({ type: 'text' })
  clientId!: string;

  @Column({ type: 'text', nullable: true })
  applicationName!: string | null;

  /** The flow that opened it; a flow opens one session. */
  @Column({ type: 'text', unique: true })
  flowId!: string;

  @Column({ type: 'text', nullable: true })
  knownDeviceId!: string | null;

  @Column({ type: 'jsonb' })
  proofs!: Proven[];

  @Column({ type: 'text' })
  assurance!: AssuranceLevel;

  @Column({ type: 'text', array: true })
  methods!: Amr[];

  @Column({ type: 'timestamptz' })
  authenticatedAt!: Date;

  /** Of the proof that an operation of the highest class has used up. */
  @Column({ type: 'timestamptz', nullable: true })
  stepUpSpent!: Date | null;

  @Column({ type: 'timestamptz' })
  createdAt!: Date;

  @Column({ type: 'timestamptz' })
  lastUsedAt!: Date;

  @Column({ type: 'timestamptz' })
  expiresAt!: Date;

  @Column({ type: 'timestamptz', nullable: true })
  revokedAt!: Date | null;

  @Column({ type: 'text', nullable: true })
  revokedReason!: string | null;

  @Column({ type: 'jsonb' })
  context!: ClientContext;
}

/**
 * One link of a session's chain of refresh tokens. Used ones stay until the session is swept: reuse must
 * show.
 */
@Entity('refresh_token')
export class RefreshTokenEntity {
  /** SHA-256 of the token. */
  @PrimaryColumn({ type: 'bytea' })
  hash!: Buffer;

  @Column({ type: 'text' })
  sessionId!: string;

  /** The version of the key that the token was derived with. */
  @Column({ type: 'text' })
  keyVersion!: string;

  /** Null for the first one, which was derived from the flow token. */
  @Column({ type: 'bytea', nullable: true })
  parentHash!: Buffer | null;

  @Column({ type: 'timestamptz' })
  createdAt!: Date;

  @Column({ type: 'timestamptz', nullable: true })
  usedAt!: Date | null;

  @Column({ type: 'bytea', nullable: true, unique: true })
  childHash!: Buffer | null;
}
