import { Arg, Ctx, Field, InputType, Mutation, Query, Resolver } from 'type-graphql';
import { z } from 'zod';
import { Role } from '../../kernel';
import { parseInput, payload, shortText, signedIn, withRole, type RequestContext } from '../../platform';
import { SignOutInput, dropRefreshToken } from '../sessions';
import { AccountType } from '../users';
import type { Accounts } from './account.service';
import type { EnrollmentAccess } from './enrollment-access.service';
import { UserPayload, UserType } from './user.graphql';

@InputType('CreateUserInput')
export class CreateUserInput {
  @Field(() => String)
  email!: string;

  @Field(() => String, { nullable: true })
  externalId?: string | null;

  @Field(() => AccountType, { defaultValue: AccountType.PERSON })
  accountType!: AccountType;

  @Field(() => String, { nullable: true })
  displayName?: string | null;

  @Field(() => String, { nullable: true, description: 'Only for users who sign in with a password here.' })
  password?: string | null;
}

const createUserInput = z.object({
  email: z.string().max(320, 'This is too long.'),
  externalId: shortText(120).optional(),
  accountType: z.enum(AccountType).default('PERSON'),
  displayName: shortText(120).optional(),
  password: z.string().max(4096, 'This is too long.').optional(),
});

const signOutInput = z.object({ allSessions: z.boolean().default(false) });

@Resolver()
export class AccountResolver {
  constructor(
    private readonly accounts: Accounts,
    private readonly access: EnrollmentAccess,
  ) {}

  @Query(() => UserType, {
    nullable: true,
    description: 'The signed-in user; null if not signed in. **Anyone.**',
  })
  async viewer(@Ctx() context: RequestContext): Promise<UserType | null> {
    const caller = await context.caller();
    const user = caller.kind === 'user' ? await this.accounts.find(caller.userId) : undefined;
    return user ? UserType.from(user) : null;
  }

  @Mutation(() => UserPayload, { description: 'End the current session, or all. **Signed in.**' })
  async signOut(
    @Arg('input', () => SignOutInput) input: SignOutInput,
    @Ctx() context: RequestContext,
  ): Promise<UserPayload> {
    const caller = await signedIn(context);
    return payload(UserPayload, async () => {
      const user = await this.accounts.find(caller.userId);
      await this.accounts.signOut(caller, parseInput(signOutInput, input).allSessions, context.client);
      dropRefreshToken(context);
      return { user: user ? UserType.from(user) : null };
    });
  }

  @Mutation(() => UserPayload, {
    description:
      'Provision a user who signs in through your own back end or identity provider, or a service account. **Admin.**',
  })
  async createUser(
    @Arg('input', () => CreateUserInput) input: CreateUserInput,
    @Ctx() context: RequestContext,
  ): Promise<UserPayload> {
    const caller = await withRole(context, Role.ADMIN);
    return payload(UserPayload, async () => {
      const wanted = parseInput(createUserInput, input);
      await this.access.requireStepUp(caller);
      const user = await this.accounts.provision(wanted, caller.userId, context.client);
      return { user: UserType.from(user) };
    });
  }
}
