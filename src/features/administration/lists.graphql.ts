import { Arg, Args, ArgsType, Ctx, Field, FieldResolver, ID, Int, Query, Resolver, Root } from 'type-graphql';
import { RequestFault, Role, hasRole } from '../../kernel';
import { signedIn, withRole, type RequestContext } from '../../platform';
import { UserType, otherFactor, type Accounts } from '../account';
import { AuditEvent, type AuditLine } from '../events';
import { Factor } from '../factors';
import { AuditEventConnection, FactorConnection, UserConnection } from './connections.graphql';
import { AuditEventFilterInput, FactorFilterInput, UserFilterInput } from './list-inputs.graphql';
import type { Listed, Lists } from './lists.service';
import { pageOf } from './pages';

const SEARCH_MAX = 254;
const FIRST = '`first` is at most 100.';

@ArgsType()
export class UsersArgs {
  @Field(() => UserFilterInput, { nullable: true })
  filter?: UserFilterInput | null;

  @Field(() => Int, { nullable: true, defaultValue: 20 })
  first?: number | null;

  @Field(() => String, { nullable: true })
  after?: string | null;
}

@ArgsType()
export class FactorsArgs {
  @Field(() => FactorFilterInput, { nullable: true })
  filter?: FactorFilterInput | null;

  @Field(() => Int, { nullable: true, defaultValue: 20 })
  first?: number | null;

  @Field(() => String, { nullable: true })
  after?: string | null;
}

@ArgsType()
export class AuditEventsArgs {
  @Field(() => AuditEventFilterInput, { nullable: true })
  filter?: AuditEventFilterInput | null;

  @Field(() => Int, { nullable: true, defaultValue: 50 })
  first?: number | null;

  @Field(() => String, { nullable: true })
  after?: string | null;
}

/** Looking up users, factors and events. */
@Resolver()
export class ListsResolver {
  constructor(
    private readonly lists: Lists,
    private readonly accounts: Accounts,
  ) {}

  @Query(() => UserType, { nullable: true, description: '**Help desk.**' })
  async user(@Arg('id', () => ID) id: string, @Ctx() context: RequestContext): Promise<UserType | null> {
    await withRole(context, Role.HELP_DESK);
    const user = await this.accounts.find(id.slice(0, 64));
    return user ? UserType.from(user) : null;
  }

  @Query(() => UserConnection, { description: `Newest first; ${FIRST} **Help desk.**` })
  async users(
    @Args(() => UsersArgs) { filter, first, after }: UsersArgs,
    @Ctx() context: RequestContext,
  ): Promise<UserConnection> {
    await withRole(context, Role.HELP_DESK);
    if ((filter?.search?.length ?? 0) > SEARCH_MAX)
      throw new RequestFault('BAD_USER_INPUT', '`search` is too long.');
    const { page, count } = await this.lists.users(filter ?? {}, pageOf(first ?? 20, after, 'usr'));
    const rows = page.rows.map((user) => UserType.from(user));
    return UserConnection.from({ ...page, rows }, count);
  }

  @Query(() => FactorConnection, { description: `Newest first; ${FIRST} **Help desk.**` })
  async factors(
    @Args(() => FactorsArgs) { filter, first, after }: FactorsArgs,
    @Ctx() context: RequestContext,
  ): Promise<FactorConnection> {
    await withRole(context, Role.HELP_DESK);
    const { page, count } = await this.lists.factors(filter ?? {}, pageOf(first ?? 20, after, 'fct'));
    const rows = page.rows.map(({ factor, retryAt }) => otherFactor(factor, retryAt));
    return FactorConnection.from({ ...page, rows }, count);
  }

  @Query(() => AuditEventConnection, { description: `Newest first; ${FIRST} **Help desk.**` })
  async auditEvents(
    @Args(() => AuditEventsArgs) { filter, first, after }: AuditEventsArgs,
    @Ctx() context: RequestContext,
  ): Promise<AuditEventConnection> {
    await withRole(context, Role.HELP_DESK);
    return eventsOf(await this.lists.auditEvents(filter ?? {}, pageOf(first ?? 50, after, 'evt')));
  }
}

/** What happened to a user's account. */
@Resolver(() => UserType)
export class UserActivityResolver {
  constructor(private readonly lists: Lists) {}

  @FieldResolver(() => AuditEventConnection, {
    description: `Newest first; ${FIRST} One's own, without what others wrote and where they were; anybody's for the help desk.`,
  })
  async activity(
    @Root() user: UserType,
    @Arg('first', () => Int, { defaultValue: 20 }) first: number,
    @Arg('after', () => String, { nullable: true }) after: string | null,
    @Ctx() context: RequestContext,
  ): Promise<AuditEventConnection> {
    const caller = await signedIn(context);
    if (caller.userId !== user.id && !hasRole(caller.roles, Role.HELP_DESK))
      throw new RequestFault('FORBIDDEN');
    const found = await this.lists.auditEvents({ userId: user.id }, pageOf(first, after, 'evt'));
    return eventsOf(found);
  }
}

/** Whose a factor is. */
@Resolver(() => Factor)
export class FactorOwnerResolver {
  constructor(private readonly accounts: Accounts) {}

  @FieldResolver(() => UserType, {
    nullable: true,
    description: 'For help desk and administrators, and the owner. Null inside an unfinished flow.',
  })
  async user(@Root() { userId }: Factor, @Ctx() context: RequestContext): Promise<UserType | null> {
    const caller = await context.caller();
    if (caller.kind !== 'user') return null;
    if (caller.userId !== userId && !hasRole(caller.roles, Role.HELP_DESK)) return null;
    const user = await this.accounts.find(userId);
    return user ? UserType.from(user) : null;
  }
}

function eventsOf({ page, count }: Listed<AuditLine>): AuditEventConnection {
  const rows = page.rows.map((line) => AuditEvent.from(line));
  return AuditEventConnection.from({ ...page, rows }, count);
}
