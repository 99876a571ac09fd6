import { Arg, Ctx, Field, ID, InputType, Mutation, Resolver } from 'type-graphql';
import { z } from 'zod';
import { displayText, parseInput, payload, presentedId, signedIn, type RequestContext } from '../../platform';
import { dropRefreshToken } from '../sessions';
import type { Accounts } from './account.service';
import type { Origin, Profile } from './profile.service';
import { UserPayload, UserType } from './user.graphql';

const NAME_MAX = 120;
const LOCALE_MAX = 35;
const SESSIONS_MAX = 100;

@InputType('UpdateProfileInput')
export class UpdateProfileInput {
  @Field(() => String, { nullable: true, description: 'Null leaves it as it is, an empty text clears it.' })
  displayName?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'BCP 47 tag for messages, for example `de-CH`. Null leaves it as it is.',
  })
  locale?: string | null;
}

@InputType('ChangePasswordInput')
export class ChangePasswordInput {
  @Field(() => String)
  currentPassword!: string;

  @Field(() => String)
  newPassword!: string;

  @Field(() => Boolean, { defaultValue: true })
  signOutOtherSessions!: boolean;
}

@InputType('RevokeSessionsInput')
export class RevokeSessionsInput {
  @Field(() => [ID], {
    nullable: true,
    description: 'Which ones. Null: all others than the current one.',
  })
  sessionIds?: string[] | null;
}

/** The tag in its canonical form (BCP 47): `DE-ch` is `de-CH`. */
const languageTag = z
  .string()
  .max(LOCALE_MAX, 'This is too long.')
  .transform((text, context) => {
    try {
      const [tag] = Intl.getCanonicalLocales(text.trim());
      if (tag !== undefined) return tag;
    } catch {
      // Answered below, like a text that names nothing.
    }
    context.addIssue({ code: 'custom', message: 'This is no language tag, for example `de-CH`.' });
    return z.NEVER;
  });

const updateProfileInput = z.object({
  displayName: z
    .string()
    .max(NAME_MAX * 4, `At most ${String(NAME_MAX)} characters.`)
    .transform((text) => displayText(text, NAME_MAX + 1) || null)
    .refine((text) => [...(text ?? '')].length <= NAME_MAX, `At most ${String(NAME_MAX)} characters.`)
    .optional(),
  locale: languageTag.optional(),
});

const password = z.string().max(4096, 'This is too long.');
const changePasswordInput = z.object({
  currentPassword: password,
  newPassword: password,
  signOutOtherSessions: z.boolean().default(true),
});

const revokeSessionsInput = z.object({
  sessionIds: z
    .array(presentedId)
    .max(SESSIONS_MAX, `At most ${String(SESSIONS_MAX)} at a time.`)
    .optional(),
});

const originOf = ({ client, addressKey }: RequestContext): Origin => ({ client, addressKey });

/** What users change about their own accounts. */
@Resolver()
export class ProfileResolver {
  constructor(
    private readonly profile: Profile,
    private readonly accounts: Accounts,
  ) {}

  @Mutation(() => UserPayload, { description: '**Signed in.**' })
  async updateProfile(
    @Arg('input', () => UpdateProfileInput) input: UpdateProfileInput,
    @Ctx() context: RequestContext,
  ): Promise<UserPayload> {
    const caller = await signedIn(context);
    return payload(UserPayload, async () => {
      const user = await this.profile.update(caller, parseInput(updateProfileInput, input));
      return { user: UserType.from(user) };
    });
  }

  @Mutation(() => UserPayload, {
    description: 'Needs the current password and a fresh step-up. Factors stay. **Signed in.**',
  })
  async changePassword(
    @Arg('input', () => ChangePasswordInput) input: ChangePasswordInput,
    @Ctx() context: RequestContext,
  ): Promise<UserPayload> {
    const caller = await signedIn(context);
    return payload(UserPayload, async () => {
      const wanted = parseInput(changePasswordInput, input);
      return { user: UserType.from(await this.profile.changePassword(caller, wanted, originOf(context))) };
    });
  }

  @Mutation(() => UserPayload, {
    description: 'One that is not yours: NOT_FOUND, and none is ended. **Signed in.**',
  })
  async revokeSessions(
    @Arg('input', () => RevokeSessionsInput) input: RevokeSessionsInput,
    @Ctx() context: RequestContext,
  ): Promise<UserPayload> {
    const caller = await signedIn(context);
    return payload(UserPayload, async () => {
      const { sessionIds } = parseInput(revokeSessionsInput, input);
      const { isSignedOut } = await this.profile.revokeSessions(
        caller,
        sessionIds ?? null,
        originOf(context),
      );
      if (isSignedOut) dropRefreshToken(context);
      const user = await this.accounts.find(caller.userId);
      return { user: user ? UserType.from(user) : null };
    });
  }
}
