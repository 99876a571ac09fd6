import { Arg, Ctx, Field, InputType, Mutation, Resolver } from 'type-graphql';
import { z } from 'zod';
import { parseInput, payload, signedIn, type RequestContext } from '../../platform';
import { AuthFlow, AuthFlowPayload, type AddressFlows } from '../auth-flow';
import type { EnrollmentAccess } from './enrollment-access.service';

@InputType('ChangeEmailInput')
export class ChangeEmailInput {
  @Field(() => String)
  newEmail!: string;
}

const changeEmailInput = z.object({
  newEmail: z.string().trim().min(1, 'Please enter the new address.').max(508, 'This is too long.'),
});

@Resolver()
export class EmailChangeResolver {
  constructor(
    private readonly addressFlows: AddressFlows,
    private readonly access: EnrollmentAccess,
  ) {}

  @Mutation(() => AuthFlowPayload, {
    description: 'Starts a flow that proves the new address. **Signed in.**',
  })
  async changeEmail(
    @Arg('input', () => ChangeEmailInput) input: ChangeEmailInput,
    @Ctx() context: RequestContext,
  ): Promise<AuthFlowPayload> {
    const caller = await signedIn(context);
    return payload(AuthFlowPayload, async () => {
      const { newEmail } = parseInput(changeEmailInput, input);
      await this.access.requireStepUp(caller);
      await this.access.refuseByBackupCode(caller);
      const { client, place, addressKey } = context;
      const begun = await this.addressFlows.changeEmail(caller, newEmail, {
        context: client,
        place,
        addressKey,
      });
      return { flow: AuthFlow.from(begun.flow), flowToken: begun.flowToken ?? null };
    });
  }
}
