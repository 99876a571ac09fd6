import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One salt for all codes of a set, so that an attempt costs one hash. */
@Entity('backup_code_set')
export class BackupCodeSetEntity {
  @PrimaryColumn({ type: 'text' })
  factorId!: string;

  @Column({ type: 'bytea' })
  salt!: Buffer;

  /** The version of the key that peppers the hashes. */
  @Column({ type: 'text' })
  keyVersion!: string;
}

@Entity('backup_code')
export class BackupCodeEntity {
  @PrimaryColumn({ type: 'text' })
  factorId!: string;

  @PrimaryColumn({ type: 'integer' })
  position!: number;

  @Column({ type: 'bytea' })
  hash!: Buffer;

  @Column({ type: 'timestamptz', nullable: true })
  usedAt!: Date | null;
}
