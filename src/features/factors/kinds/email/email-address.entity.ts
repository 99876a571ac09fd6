import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('email_address')
export class EmailAddressEntity {
  @PrimaryColumn({ type: 'text' })
  factorId!: string;

  @Column({ type: 'text' })
  userId!: string;

  /** As it was given, sealed in this row. */
  @Column({ type: 'text' })
  sealedAddress!: string;

  /** Keyed hash over user and normal form: one user has an address once. */
  @Column({ type: 'bytea' })
  addressMac!: Buffer;
}
