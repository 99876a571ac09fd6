import { Ctx, Field, FieldResolver, ID, ObjectType, Resolver, Root, registerEnumType } from 'type-graphql';
import { RequestFault, Role } from '../../kernel';
import { DateTime, EmailAddress, Payload, type RequestContext } from '../../platform';
import { Factor, factorKindEnum, factorKinds, kindModule, type FactorFacts, type Factors } from '../factors';
import type { Limits } from '../limits';
import { SessionType, type Sessions } from '../sessions';
import { AccountType, UserStatus, type User } from '../users';

registerEnumType(AccountType, {
  name: 'AccountType',
  description: 'Whether a person or a program signs in. The policy can leave service accounts out.',
});
registerEnumType(UserStatus, {
  name: 'UserStatus',
  description: 'Where an account stands.',
  valuesConfig: {
    PENDING: { description: 'E-mail address not proven yet.' },
    LOCKED: { description: 'By too many wrong answers or by an administrator.' },
  },
});
registerEnumType(Role, {
  name: 'Role',
  description: 'What a user may do. Each role includes the ones above it.',
  valuesConfig: {
    HELP_DESK: { description: 'May look up users and help them back in.' },
    ADMIN: { description: 'May also change the policy, roles and users.' },
  },
});

@ObjectType('User', {
  description: 'A person. Seen by themselves as `viewer`, by the help desk and administrators as `user`.',
})
export class UserType {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { nullable: true, description: 'Your own id of the user, if a back end gave one.' })
  externalId!: string | null;

  @Field(() => AccountType)
  accountType!: AccountType;

  @Field(() => EmailAddress)
  email!: string;

  @Field(() => Boolean)
  isEmailVerified!: boolean;

  @Field(() => String, { nullable: true })
  displayName!: string | null;

  @Field(() => String, { nullable: true })
  locale!: string | null;

  @Field(() => [Role])
  roles!: readonly Role[];

  @Field(() => UserStatus)
  status!: UserStatus;

  @Field(() => DateTime, { nullable: true })
  lockedUntil!: Date | null;

  @Field(() => DateTime)
  createdAt!: Date;

  @Field(() => DateTime, { nullable: true })
  lastSignInAt!: Date | null;

  @Field(() => DateTime, { nullable: true })
  passwordChangedAt!: Date | null;

  static from(user: User): UserType {
    return Object.assign(new UserType(), {
      id: user.id,
      externalId: user.externalId,
      accountType: user.accountType,
      email: user.email,
      isEmailVerified: user.emailVerifiedAt !== null,
      displayName: user.displayName,
      locale: user.locale,
      roles: user.roles,
      status: user.status,
      lockedUntil: user.lockedUntil,
      createdAt: user.createdAt,
      lastSignInAt: user.lastSignInAt,
      passwordChangedAt: user.passwordChangedAt,
    });
  }
}

@ObjectType('UserPayload', { implements: Payload })
export class UserPayload extends Payload {
  @Field(() => UserType, { nullable: true })
  user: UserType | null = null;
}

/** The fields of a user that other features answer. */
@Resolver(() => UserType)
export class UserFieldsResolver {
  constructor(
    private readonly factorsService: Factors,
    private readonly limits: Limits,
    private readonly sessionsService: Sessions,
  ) {}

  @FieldResolver(() => [Factor], { description: 'At most 50; no paging needed.' })
  async factors(@Root() user: UserType, @Ctx() context: RequestContext): Promise<Factor[]> {
    const caller = await context.caller();
    const isShownToOwner = caller.kind === 'user' && caller.userId === user.id;
    const active = await this.factorsService.active(user.id);
    if (active.length === 0) return [];
    const { retryAt } = await this.limits.guessesUsableFrom(user.id);
    return active.map((factor) => shown(factor, retryAt, isShownToOwner));
  }

  @FieldResolver(() => [factorKindEnum], { description: 'Kinds that this user may still add.' })
  async enrollableKinds(@Root() user: UserType): Promise<string[]> {
    const active = await this.factorsService.active(user.id);
    return factorKinds
      .filter(
        ({ kind, traits }) => active.filter((factor) => factor.kind === kind).length < traits.limitPerUser,
      )
      .map((module) => module.kind);
  }

  @FieldResolver(() => [SessionType], { description: 'Newest first, at most 50.' })
  async sessions(@Root() user: UserType, @Ctx() context: RequestContext): Promise<SessionType[]> {
    const caller = await context.caller();
    if (caller.kind !== 'user' || caller.userId !== user.id) throw new RequestFault('FORBIDDEN');
    const sessions = await this.sessionsService.list(user.id);
    return sessions.map((session) => SessionType.from(session, caller.sessionId));
  }
}

function shown(factor: FactorFacts, retryAt: Date | null, isShownToOwner: boolean): Factor {
  const { isGuessable, isPhishingResistant } = kindModule(factor.kind).traits;
  return Factor.from(factor, {
    isPhishingResistant,
    usableFrom: isGuessable ? retryAt : null,
    isShownToOwner,
  });
}
