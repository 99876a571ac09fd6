import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('totp_secret')
export class TotpSecretEntity {
  @PrimaryColumn({ type: 'text' })
  factorId!: string;

  @Column({ type: 'text' })
  sealedSecret!: string;

  /** The last time step accepted: none at or before it is accepted again. */
  @Column({ type: 'bigint' })
  lastStep!: string;

  @Column({ type: 'integer' })
  driftSeconds!: number;

  @Column({ type: 'integer' })
  offsetSeconds!: number;
}
