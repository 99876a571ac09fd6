import {
  Arg,
  Args,
  ArgsType,
  Ctx,
  Field,
  FieldResolver,
  ID,
  Int,
  Mutation,
  Query,
  Resolver,
  Root,
} from 'type-graphql';
import { z } from 'zod';
import { Refusal, RequestFault, Role } from '../../kernel';
import {
  DateTime,
  Ip,
  parseInput,
  payload,
  presentedId,
  shortText,
  withRole,
  type RequestContext,
} from '../../platform';
import type { PolicyValues } from '../policy';
import { UserConnection } from './connections.graphql';
import { pageOf } from './pages';
import type { PolicyAdministration } from './policy-administration.service';
import type { PolicyTrials } from './policy-trials.service';
import type { PolicyChanges } from './policy-changes';
import { ExtendEnrollmentDeadlineInput, UpdatePolicyInput } from './policy-inputs.graphql';
import { PolicyPayload, PolicyType } from './policy.graphql';
import { PolicyDecision, PolicyImpact, PolicyReplay } from './policy-trials.graphql';
import { UserPayload, UserType, type Accounts } from '../account';

const NOTE_MAX = 500;
const REPLAYED_FIRST_MAX = 100;

const extendInput = z.object({ userId: presentedId, until: z.date(), note: shortText(NOTE_MAX) });

@ArgsType()
export class EvaluatePolicyArgs {
  @Field(() => ID)
  userId!: string;

  @Field(() => String, { nullable: true, description: 'Null: the default application.' })
  clientId?: string | null;

  @Field(() => Ip, { nullable: true })
  ipAddress?: string | null;

  @Field(() => Boolean, { defaultValue: false, description: 'False: a browser or app not used before.' })
  isRememberedDevice!: boolean;
}

/** Seeing, trying and changing the policy. */
@Resolver()
export class PolicyResolver {
  constructor(
    private readonly administration: PolicyAdministration,
    private readonly trials: PolicyTrials,
  ) {}

  @Query(() => PolicyType, { description: '**Help desk.**' })
  async policy(@Ctx() context: RequestContext): Promise<PolicyType> {
    await withRole(context, Role.HELP_DESK);
    return PolicyType.from(await this.administration.current());
  }

  @Query(() => PolicyImpact, { description: 'Whom would these changes lock out? **Admin.**' })
  async previewPolicy(
    @Arg('changes', () => UpdatePolicyInput) changes: UpdatePolicyInput,
    @Ctx() context: RequestContext,
  ): Promise<PolicyImpact> {
    await withRole(context, Role.ADMIN);
    const values = await this.tried(changes);
    return PolicyImpact.from(await this.trials.preview(values));
  }

  @Query(() => PolicyReplay, {
    description: 'What past sign-ins would have met under a changed policy. **Admin.**',
  })
  async replayPolicy(
    @Arg('changes', () => UpdatePolicyInput) changes: UpdatePolicyInput,
    @Arg('since', () => DateTime) since: Date,
    @Arg('first', () => Int, { defaultValue: 50, description: 'At most 100.' }) first: number,
    @Ctx() context: RequestContext,
  ): Promise<PolicyReplay> {
    await withRole(context, Role.ADMIN);
    if (first < 1 || first > REPLAYED_FIRST_MAX)
      throw new RequestFault('BAD_USER_INPUT', `\`first\` must be from 1 to ${String(REPLAYED_FIRST_MAX)}.`);
    const values = await this.tried(changes);
    return PolicyReplay.from(await this.trials.replay(values, since, first));
  }

  @Query(() => PolicyDecision, { description: 'Try the policy on a user without signing in. **Admin.**' })
  async evaluatePolicy(
    @Args(() => EvaluatePolicyArgs) args: EvaluatePolicyArgs,
    @Ctx() context: RequestContext,
  ): Promise<PolicyDecision> {
    await withRole(context, Role.ADMIN);
    const { userId, clientId = null, ipAddress = null, isRememberedDevice } = args;
    return PolicyDecision.from(
      await this.trials.evaluate({ userId, clientId, ipAddress, isRememberedDevice }),
    );
  }

  @Mutation(() => PolicyPayload, {
    description:
      '**Admin**, after a fresh step-up. With CONFLICT comes the policy as it now stands; a change that would lock out its author is refused with BLOCKED_BY_POLICY.',
  })
  async updatePolicy(
    @Arg('input', () => UpdatePolicyInput) { version, ...changes }: UpdatePolicyInput,
    @Ctx() context: RequestContext,
  ): Promise<PolicyPayload> {
    const caller = await withRole(context, Role.ADMIN);
    return payload(
      PolicyPayload,
      async () => ({
        policy: PolicyType.from(
          await this.administration.update(caller, version, changes as PolicyChanges, context.client),
        ),
      }),
      async ({ code }) =>
        code === 'CONFLICT' ? { policy: PolicyType.from(await this.administration.current()) } : {},
    );
  }

  @Mutation(() => UserPayload, {
    description: 'Give one user more time, with a reason. Needs a fresh step-up; not for oneself. **Admin.**',
  })
  async extendEnrollmentDeadline(
    @Arg('input', () => ExtendEnrollmentDeadlineInput) input: ExtendEnrollmentDeadlineInput,
    @Ctx() context: RequestContext,
  ): Promise<UserPayload> {
    const caller = await withRole(context, Role.ADMIN);
    return payload(UserPayload, async () => {
      const wanted = parseInput(extendInput, input);
      const user = await this.administration.extendDeadline(caller, wanted, context.client);
      return { user: UserType.from(user) };
    });
  }

  /** A query has no payload: what is wrong with the changes is told as a fault of the request. */
  private async tried({ version: _, ...changes }: UpdatePolicyInput): Promise<PolicyValues> {
    try {
      return await this.administration.changed(changes as PolicyChanges);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const faults = error.faults.map(
        ({ path, message }) => `${path?.slice(1).join('.') ?? ''}: ${message ?? ''}`,
      );
      throw new RequestFault('BAD_USER_INPUT', faults.join('\n'));
    }
  }
}

@Resolver(() => PolicyType)
export class PolicyFieldsResolver {
  constructor(private readonly accounts: Accounts) {}

  @FieldResolver(() => UserType, {
    nullable: true,
    description: 'Null: a file, a command or the gateway itself.',
  })
  updatedBy(@Root() { updatedById }: PolicyType): Promise<UserType | null> {
    return userOf(this.accounts, updatedById);
  }
}

@Resolver(() => PolicyImpact)
export class PolicyImpactResolver {
  constructor(private readonly trials: PolicyTrials) {}

  @FieldResolver(() => UserConnection, { description: 'Newest first. `first` is at most 100.' })
  async lockedOut(
    @Root() { impact }: PolicyImpact,
    @Arg('first', () => Int, { defaultValue: 20 }) first: number,
    @Arg('after', () => String, { nullable: true }) after: string | null,
  ): Promise<UserConnection> {
    const page = pageOf(first, after, 'usr');
    const { rows, hasNextPage } = await this.trials.lockedOut(impact, page);
    const users = rows.map((user) => UserType.from(user));
    return UserConnection.from({ rows: users, hasNextPage }, () => Promise.resolve(impact.lockedOutCount));
  }
}

async function userOf(accounts: Accounts, userId: string | null): Promise<UserType | null> {
  const user = userId === null ? undefined : await accounts.find(userId);
  return user ? UserType.from(user) : null;
}
