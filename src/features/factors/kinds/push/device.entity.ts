import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { PublicJwk } from './device-key';
import type { DevicePlatform } from './registration';

/** One device per factor. The private key never leaves the device. */
@Entity('device')
export class DeviceEntity {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ type: 'text', unique: true })
  factorId!: string;

  @Column({ type: 'text' })
  userId!: string;

  @Column({ type: 'text' })
  name!: string;

  @Column({ type: 'text' })
  platform!: DevicePlatform;

  @Column({ type: 'text', nullable: true })
  model!: string | null;

  @Column({ type: 'text', nullable: true })
  appVersion!: string | null;

  @Column({ type: 'jsonb' })
  publicJwk!: PublicJwk;

  @Column({ type: 'text' })
  algorithm!: string;

  /** RFC 7638. No two devices share a key. */
  @Column({ type: 'text', unique: true })
  thumbprint!: string;

  /** Sealed. Null: the device fetches its approvals itself. */
  @Column({ type: 'text', nullable: true })
  pushToken!: string | null;

  @Column({ type: 'timestamptz' })
  registeredAt!: Date;

  @Column({ type: 'timestamptz', nullable: true })
  lastSeenAt!: Date | null;

  @Column({ type: 'timestamptz', nullable: true })
  revokedAt!: Date | null;
}
