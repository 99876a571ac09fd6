import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The credentials that a device has shown: none is accepted twice (RFC 7519 §4.1.7). */
@Entity('device_jti')
export class DeviceJtiEntity {
  @PrimaryColumn({ type: 'text' })
  deviceId!: string;

  @PrimaryColumn({ type: 'text' })
  jti!: string;

  /** From then on the credential is refused for its age. */
  @Column({ type: 'timestamptz' })
  expiresAt!: Date;
}
