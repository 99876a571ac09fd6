import { Arg, Ctx, Field, Mutation, ObjectType, Resolver } from 'type-graphql';
import { Role } from '../../kernel';
import { DateTime, Payload, parseInput, payload, withRole, type RequestContext } from '../../platform';
import { UserPayload, UserType } from '../account';
import { AuthFlow, AuthFlowPayload } from '../auth-flow';
import type { User } from '../users';
import type { CallerChecks } from './caller-check.service';
import type { FactorReset } from './factor-reset.service';
import type { Act, UserAdministration } from './user-administration.service';
import {
  DeleteUserInput,
  InviteUserInput,
  IssueTemporaryCodeInput,
  LockUserInput,
  ResetFactorsInput,
  SetUserRolesInput,
  SignOutUserInput,
  StartCallerCheckInput,
  UnlockUserInput,
  deleteUserInput,
  inviteUserInput,
  issueTemporaryCodeInput,
  lockUserInput,
  resetFactorsInput,
  setUserRolesInput,
  signOutUserInput,
  startCallerCheckInput,
  unlockUserInput,
} from './user-inputs.graphql';

@ObjectType('TemporaryCodePayload', { implements: Payload })
export class TemporaryCodePayload extends Payload {
  @Field(() => String, {
    nullable: true,
    description: 'Tell it to the user after checking who they are. Shown once.',
  })
  code: string | null = null;

  @Field(() => DateTime, { nullable: true })
  expiresAt: Date | null = null;

  @Field(() => UserType, { nullable: true })
  user: UserType | null = null;
}

const NEEDS = 'Needs a fresh step-up; never for oneself or for a higher role.';
const USES_UP = 'Uses up a fresh step-up; never for oneself or for a higher role.';

/** What help desk and administrators do with other people's accounts. */
@Resolver()
export class UserAdministrationResolver {
  constructor(
    private readonly administration: UserAdministration,
    private readonly factorReset: FactorReset,
    private readonly callerChecks: CallerChecks,
  ) {}

  @Mutation(() => UserPayload, {
    description: `Sessions and everything begun end; nobody gets in until then. ${NEEDS} **Help desk.**`,
  })
  lockUser(@Arg('input', () => LockUserInput) input: LockUserInput, @Ctx() context: RequestContext) {
    return acted(context, Role.HELP_DESK, (act) =>
      this.administration.lock(act, parseInput(lockUserInput, input)),
    );
  }

  @Mutation(() => UserPayload, {
    description: `Also lets guessable factors be tried again after too many wrong answers. ${NEEDS} **Help desk.**`,
  })
  unlockUser(@Arg('input', () => UnlockUserInput) input: UnlockUserInput, @Ctx() context: RequestContext) {
    return acted(context, Role.HELP_DESK, (act) =>
      this.administration.unlock(act, parseInput(unlockUserInput, input)),
    );
  }

  @Mutation(() => UserPayload, {
    description: `End all sessions of a user, and forget all remembered browsers. ${NEEDS} **Help desk.**`,
  })
  signOutUser(@Arg('input', () => SignOutUserInput) input: SignOutUserInput, @Ctx() context: RequestContext) {
    return acted(context, Role.HELP_DESK, (act) =>
      this.administration.signOut(act, parseInput(signOutUserInput, input)),
    );
  }

  @Mutation(() => UserPayload, {
    description: `Sessions go on, with the new roles at once. The last administrator stays one. ${USES_UP} **Admin.**`,
  })
  setUserRoles(
    @Arg('input', () => SetUserRolesInput) input: SetUserRolesInput,
    @Ctx() context: RequestContext,
  ) {
    return acted(context, Role.ADMIN, (act) =>
      this.administration.setRoles(act, parseInput(setUserRolesInput, input)),
    );
  }

  @Mutation(() => UserPayload, {
    description: `Everything of the user goes, but not the audit log; the address may be used again. Gives the user as it was. ${USES_UP} **Admin.**`,
  })
  deleteUser(@Arg('input', () => DeleteUserInput) input: DeleteUserInput, @Ctx() context: RequestContext) {
    return acted(context, Role.ADMIN, (act) =>
      this.administration.delete(act, parseInput(deleteUserInput, input)),
    );
  }

  @Mutation(() => UserPayload, {
    description:
      'The mail leads to `startPasswordReset`: the guest proves the address and sets a password. Needs a fresh step-up. **Admin.**',
  })
  inviteUser(@Arg('input', () => InviteUserInput) input: InviteUserInput, @Ctx() context: RequestContext) {
    return acted(context, Role.ADMIN, (act) =>
      this.administration.invite(act, parseInput(inviteUserInput, input)),
    );
  }

  @Mutation(() => UserPayload, { description: `${USES_UP} **Help desk.**` })
  resetFactors(
    @Arg('input', () => ResetFactorsInput) input: ResetFactorsInput,
    @Ctx() context: RequestContext,
  ) {
    return acted(context, Role.HELP_DESK, (act) => {
      const { factorIds, ...evidence } = parseInput(resetFactorsInput, input);
      return this.factorReset.reset(act, evidence, factorIds ?? null);
    });
  }

  @Mutation(() => TemporaryCodePayload, { description: `${USES_UP} **Help desk.**` })
  async issueTemporaryCode(
    @Arg('input', () => IssueTemporaryCodeInput) input: IssueTemporaryCodeInput,
    @Ctx() context: RequestContext,
  ): Promise<TemporaryCodePayload> {
    const caller = await withRole(context, Role.HELP_DESK);
    return payload(TemporaryCodePayload, async () => {
      const { validForMinutes, ...evidence } = parseInput(issueTemporaryCodeInput, input);
      const act = { caller, context: context.client };
      const { code, expiresAt, user } = await this.factorReset.issueTemporaryCode(
        act,
        evidence,
        validForMinutes,
      );
      return { code, expiresAt, user: UserType.from(user) };
    });
  }

  @Mutation(() => AuthFlowPayload, {
    description: `Send a challenge to a caller; watch it with the \`authFlow\` subscription. It gives no tokens. ${NEEDS} **Help desk.**`,
  })
  async startCallerCheck(
    @Arg('input', () => StartCallerCheckInput) input: StartCallerCheckInput,
    @Ctx() context: RequestContext,
  ): Promise<AuthFlowPayload> {
    const caller = await withRole(context, Role.HELP_DESK);
    return payload(AuthFlowPayload, async () => {
      const act = { caller, context: context.client, place: context.place };
      const { flow, flowToken } = await this.callerChecks.start(
        act,
        parseInput(startCallerCheckInput, input),
      );
      return { flow: AuthFlow.from(flow), flowToken: flowToken ?? null };
    });
  }
}

async function acted(
  context: RequestContext,
  role: Role,
  act: (by: Act) => Promise<User>,
): Promise<UserPayload> {
  const caller = await withRole(context, role);
  return payload(UserPayload, async () => ({
    user: UserType.from(await act({ caller, context: context.client })),
  }));
}
