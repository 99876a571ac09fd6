import { Arg, Ctx, Field, InputType, Mutation, Resolver } from 'type-graphql';
import { z } from 'zod';
import { opaqueToken, parseInput, payload, shortText, type RequestContext } from '../../platform';
import { TokensType } from '../sessions';
import type { AddressFlows } from './address-flows.service';
import { AuthFlow, AuthFlowPayload } from './auth-flow.graphql';
import type { Flows } from './flows.service';
import type { NewPasswords } from './new-passwords.service';
import type { SignIn } from './sign-in.service';

const NAME_MAX = 100;
const address = z.string().trim().min(1, 'Please enter your e-mail address.').max(508, 'This is too long.');
const password = z.string().min(1, 'Please enter a password.').max(4096, 'This is too long.');

@InputType('SignUpInput')
export class SignUpInput {
  @Field(() => String)
  email!: string;

  @Field(() => String)
  password!: string;

  @Field(() => String, { nullable: true })
  displayName?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'BCP 47 tag for messages, for example `de-CH`. Default: English.',
  })
  locale?: string | null;

  @Field(() => String, {
    nullable: true,
    description: "The application to sign in to. Default: the gateway's default application.",
  })
  clientId?: string | null;
}

const signUpInput = z.object({
  email: address,
  password,
  displayName: shortText(NAME_MAX).optional(),
  locale: z
    .string()
    .max(35, 'This is too long.')
    .refine(isLanguageTag, 'This is no language tag, for example `de-CH`.')
    .optional(),
  clientId: z.string().max(64, 'This is too long.').optional(),
});

@InputType('StartPasswordResetInput')
export class StartPasswordResetInput {
  @Field(() => String)
  email!: string;
}

@InputType('SetPasswordInput')
export class SetPasswordInput {
  @Field(() => String)
  flowToken!: string;

  @Field(() => String)
  newPassword!: string;
}

/** Registration and forgotten password. */
@Resolver()
export class AddressFlowResolver {
  constructor(
    private readonly addressFlows: AddressFlows,
    private readonly signInService: SignIn,
    private readonly flows: Flows,
    private readonly newPasswords: NewPasswords,
  ) {}

  @Mutation(() => AuthFlowPayload, {
    description: 'Register. The reply is the same whether or not the address is known. **Anyone.**',
  })
  signUp(
    @Arg('input', () => SignUpInput) input: SignUpInput,
    @Ctx() { client, place, addressKey }: RequestContext,
  ): Promise<AuthFlowPayload> {
    return payload(AuthFlowPayload, async () => {
      const { clientId, ...wish } = parseInput(signUpInput, input);
      const application = this.signInService.application(clientId);
      const begun = await this.addressFlows.signUp({
        ...wish,
        application,
        context: client,
        place,
        addressKey,
      });
      return { flow: AuthFlow.from(begun.flow), flowToken: begun.flowToken ?? null };
    });
  }

  @Mutation(() => AuthFlowPayload, {
    description: 'The reply is the same whether or not the address is known. **Anyone.**',
  })
  startPasswordReset(
    @Arg('input', () => StartPasswordResetInput) input: StartPasswordResetInput,
    @Ctx() { client, place, addressKey }: RequestContext,
  ): Promise<AuthFlowPayload> {
    return payload(AuthFlowPayload, async () => {
      const { email } = parseInput(z.object({ email: address }), input);
      const begun = await this.addressFlows.startPasswordReset({ email, context: client, place, addressKey });
      return { flow: AuthFlow.from(begun.flow), flowToken: begun.flowToken ?? null };
    });
  }

  @Mutation(() => AuthFlowPayload, { description: 'In NEW_PASSWORD_REQUIRED. **Flow token.**' })
  setPassword(
    @Arg('input', () => SetPasswordInput) input: SetPasswordInput,
    @Ctx() context: RequestContext,
  ): Promise<AuthFlowPayload> {
    return payload(
      AuthFlowPayload,
      async () => {
        const { flowToken, newPassword } = parseInput(
          z.object({ flowToken: opaqueToken, newPassword: password }),
          input,
        );
        const { flow, tokens } = await this.newPasswords.set(flowToken, newPassword);
        return { flow: AuthFlow.from(flow), tokens: tokens ? TokensType.from(tokens, context) : null };
      },
      async () => {
        const isToken = opaqueToken.safeParse(input.flowToken).success;
        const flow = isToken ? await this.flows.read(input.flowToken) : undefined;
        return { flow: flow ? AuthFlow.from(flow) : null };
      },
    );
  }
}

function isLanguageTag(text: string): boolean {
  try {
    return Intl.getCanonicalLocales(text).length === 1;
  } catch {
    return false;
  }
}
