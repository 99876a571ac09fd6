import {
  Ctx,
  Field,
  FieldResolver,
  ID,
  Int,
  ObjectType,
  Resolver,
  Root,
  registerEnumType,
} from 'type-graphql';
import { RequestFault, Role } from '../../kernel';
import { DateTime, EmailAddress, Payload, type RequestContext } from '../../platform';
import {
  Factor,
  factorKindEnum,
  kindModule,
  type FactorFacts,
  type FactorKindAtWork,
  type Factors,
} from '../factors';
import type { Limits } from '../limits';
import { isEnforcedFor, type Policies } from '../policy';
import { SessionType, type Sessions } from '../sessions';
import { AccountType, UserStatus, type User } from '../users';
import { SecurityAdvice, adviceFor } from './advice';
import type { BackupCodeSets } from './backup-code-sets.service';

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

registerEnumType(SecurityAdvice, {
  name: 'SecurityAdvice',
  description: 'What the account page should suggest.',
  valuesConfig: {
    ENROLL_FACTOR: { description: 'No second factor yet.' },
    PREFER_AUTHENTICATOR_APP: { description: 'Only SMS or e-mail: an authenticator app is safer.' },
    RENEW_BACKUP_CODES: { description: 'No backup codes, or three or fewer left.' },
    SINGLE_DEVICE: { description: 'Everything hangs on one phone: add a factor elsewhere.' },
    CLOCK_DRIFT: { description: "The authenticator app's clock is off." },
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

  /** Whatever the user has enrolled since. */
  dueAt!: Date | null;

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
      dueAt: user.enrollmentDueAt,
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
    private readonly backupCodes: BackupCodeSets,
    private readonly policies: Policies,
    private readonly kinds: ReadonlyMap<string, FactorKindAtWork<never>>,
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
    return (await this.mayEnroll()).filter(
      (kind) => active.filter((factor) => factor.kind === kind).length < kindModule(kind).traits.limitPerUser,
    );
  }

  @FieldResolver(() => Int)
  backupCodesRemaining(@Root() user: UserType): Promise<number> {
    return this.backupCodes.remaining(user.id);
  }

  @FieldResolver(() => [SecurityAdvice], {
    description: 'What would make this account safer or harder to be locked out of, most useful first.',
  })
  async advice(@Root() user: UserType): Promise<SecurityAdvice[]> {
    const active = await this.factorsService.active(user.id);
    const real = active.filter(({ kind }) => kindModule(kind).graphql.setupType !== undefined);
    const drifts = real.map(
      ({ id, kind }) => this.kinds.get(kind)?.clockDriftSeconds?.(id) ?? Promise.resolve(null),
    );
    return adviceFor({
      kinds: real.map(({ kind }) => kind),
      codesRemaining: await this.backupCodes.remaining(user.id),
      driftsSeconds: (await Promise.all(drifts)).filter((drift) => drift !== null),
      enrollableKinds: await this.mayEnroll(),
    });
  }

  @FieldResolver(() => DateTime, {
    nullable: true,
    description: 'From then on a second factor is required. Null: never, or already enrolled.',
  })
  async enrollmentDueAt(@Root() user: UserType): Promise<Date | null> {
    if ((await this.factorsService.active(user.id)).length > 0) return null;
    const policy = await this.policies.find();
    return !policy || isEnforcedFor(policy, user) ? user.dueAt : null;
  }

  @FieldResolver(() => [SessionType], { description: 'Newest first, at most 50.' })
  async sessions(@Root() user: UserType, @Ctx() context: RequestContext): Promise<SessionType[]> {
    const caller = await context.caller();
    if (caller.kind !== 'user' || caller.userId !== user.id) throw new RequestFault('FORBIDDEN');
    const sessions = await this.sessionsService.list(user.id);
    return sessions.map((session) => SessionType.from(session, caller.sessionId));
  }

  private async mayEnroll(): Promise<string[]> {
    const allowed = await this.policies.allowedKinds();
    return this.factorsService.enrollableKinds.filter((kind) => allowed.includes(kind));
  }
}

/** A factor as its owner sees it. */
export const ownFactor = (factor: FactorFacts, retryAt: Date | null): Factor => shown(factor, retryAt, true);

/** A factor as the help desk sees it. */
export const otherFactor = (factor: FactorFacts, retryAt: Date | null): Factor =>
  shown(factor, retryAt, false);

function shown(factor: FactorFacts, retryAt: Date | null, isShownToOwner: boolean): Factor {
  const { isGuessable, isPhishingResistant } = kindModule(factor.kind).traits;
  return Factor.from(factor, {
    isPhishingResistant,
    usableFrom: isGuessable ? retryAt : null,
    isShownToOwner,
  });
}
