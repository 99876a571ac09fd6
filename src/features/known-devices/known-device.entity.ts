import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { ClientContext } from '../../kernel';

@Entity('known_device')
export class KnownDeviceEntity {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ type: 'text' })
  userId!: string;

  /** SHA-256 of the device token. */
  @Column({ type: 'bytea', unique: true })
  tokenHash!: Buffer;

  /** 128 random bits from which, with a key outside the database, the token is derived. */
  @Column({ type: 'bytea' })
  seed!: Buffer;

  @Column({ type: 'text' })
  keyVersion!: string;

  /** Browser and system, for example `Firefox 132 on Windows 11`. */
  @Column({ type: 'text' })
  label!: string;

  @Column({ type: 'timestamptz' })
  createdAt!: Date;

  @Column({ type: 'timestamptz' })
  lastUsedAt!: Date;

  /** Until then it spares the second factor. Null: not remembered. */
  @Column({ type: 'timestamptz', nullable: true })
  rememberedUntil!: Date | null;

  @Column({ type: 'jsonb' })
  context!: ClientContext;

  @Column({ type: 'timestamptz', nullable: true })
  revokedAt!: Date | null;
}
