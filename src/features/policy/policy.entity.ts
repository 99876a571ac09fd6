import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { PolicyValues } from './policy';

/** Every version of the policy that was ever in force. */
@Entity('policy')
export class PolicyEntity {
  @PrimaryColumn({ type: 'integer' })
  version!: number;

  @Column({ type: 'jsonb' })
  values!: PolicyValues;

  /** SHA-256 of the file that it came from; null where it came from elsewhere. */
  @Column({ type: 'bytea', nullable: true })
  fileHash!: Buffer | null;

  @Column({ type: 'text', nullable: true })
  note!: string | null;

  @Column({ type: 'timestamptz' })
  updatedAt!: Date;

  @Column({ type: 'text', nullable: true })
  updatedBy!: string | null;
}
