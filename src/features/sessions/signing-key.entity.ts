import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The public half of an ES256 key (RFC 7518 §6.2.1). */
export interface PublicJwk {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
}

@Entity('signing_key')
export class SigningKeyEntity {
  @PrimaryColumn({ type: 'text' })
  kid!: string;

  @Column({ type: 'text' })
  algorithm!: 'ES256';

  @Column({ type: 'jsonb' })
  publicJwk!: PublicJwk;

  /** The private JWK, sealed to this row. */
  @Column({ type: 'text' })
  sealedPrivate!: string;

  @Column({ type: 'timestamptz' })
  createdAt!: Date;

  /** From then on it signs; it is published from the beginning. */
  @Column({ type: 'timestamptz' })
  activeFrom!: Date;

  /** Until then it is published. Null: it has no successor yet. */
  @Column({ type: 'timestamptz', nullable: true })
  retireAt!: Date | null;

  @Column({ type: 'timestamptz', nullable: true })
  revokedAt!: Date | null;
}
