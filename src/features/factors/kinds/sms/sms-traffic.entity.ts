import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How many codes went to a country on a day (UTC), and how many of them came back. The row `*` is all countries. */
@Entity('sms_traffic')
export class SmsTrafficEntity {
  @PrimaryColumn({ type: 'text' })
  country!: string;

  @PrimaryColumn({ type: 'date' })
  day!: string;

  @Column({ type: 'integer' })
  sent!: number;

  @Column({ type: 'integer' })
  used!: number;
}
