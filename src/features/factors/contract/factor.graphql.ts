import { Field, ID, ObjectType } from 'type-graphql';
import { DateTime } from '../../../platform';

/** The values of the GraphQL enum FactorKind; the registry fills it, one per listed kind. */
export const factorKindEnum: Record<string, string> = {};

/** A row of the table `factor`, as the API type needs it. */
export interface FactorFacts {
  readonly id: string;
  readonly userId: string;
  readonly kind: string;
  readonly label: string | null;
  readonly hint: string | null;
  readonly isPreferred: boolean;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
  /** False: its kind is switched off, and it cannot be asked for. */
  readonly isEnabled: boolean;
}

@ObjectType('Factor', {
  description: 'Something a user enrolled. Secrets and full destinations are never shown again.',
})
export class Factor {
  @Field(() => ID)
  id!: string;

  @Field(() => factorKindEnum)
  kind!: string;

  @Field(() => String, {
    nullable: true,
    description: "The user's own name for it, for example `Work phone`.",
  })
  label!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Masked: `•••• 42`, `a••@example.com`, `Pixel 9`, `YubiKey 5`.',
  })
  hint!: string | null;

  @Field(() => Boolean, { description: 'Offered first.' })
  isPreferred!: boolean;

  @Field(() => DateTime, {
    nullable: true,
    description: 'Null: now. Later while a guess delay or a push pause runs.',
  })
  usableFrom!: Date | null;

  @Field(() => Boolean, { description: 'Cannot be phished by a look-alike site.' })
  isPhishingResistant!: boolean;

  @Field(() => DateTime)
  createdAt!: Date;

  @Field(() => DateTime, { nullable: true })
  lastUsedAt!: Date | null;

  /** Whose it is; shown through the type of a higher folder. */
  userId!: string;

  /** Set for the owner, signed in: then fields such as `device` and `clockDriftSeconds` may be answered. */
  isShownToOwner = false;

  static from(
    row: FactorFacts,
    more: { isPhishingResistant: boolean; usableFrom: Date | null; isShownToOwner: boolean },
  ): Factor {
    return Object.assign(new Factor(), {
      id: row.id,
      userId: row.userId,
      kind: row.kind,
      label: row.label,
      hint: row.hint,
      isPreferred: row.isPreferred,
      createdAt: row.createdAt,
      lastUsedAt: row.lastUsedAt,
      ...more,
    });
  }
}
