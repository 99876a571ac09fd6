import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('sms_number')
export class SmsNumberEntity {
  @PrimaryColumn({ type: 'text' })
  factorId!: string;

  @Column({ type: 'text' })
  userId!: string;

  /** E.164, sealed in this row. */
  @Column({ type: 'text' })
  sealedNumber!: string;

  /** Keyed hash over user and number: one user has a number once. */
  @Column({ type: 'bytea' })
  numberMac!: Buffer;

  /** ISO 3166. */
  @Column({ type: 'text' })
  country!: string;
}
