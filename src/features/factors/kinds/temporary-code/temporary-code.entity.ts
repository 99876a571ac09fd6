import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How long it lives is in its factor's row. */
@Entity('temporary_code')
export class TemporaryCodeEntity {
  @PrimaryColumn({ type: 'text' })
  factorId!: string;

  /** Keyed: without a key from outside the database it says nothing. */
  @Column({ type: 'bytea' })
  hash!: Buffer;

  @Column({ type: 'text' })
  keyVersion!: string;

  /** How many signs it has. */
  @Column({ type: 'integer' })
  length!: number;

  @Column({ type: 'timestamptz', nullable: true })
  usedAt!: Date | null;
}
