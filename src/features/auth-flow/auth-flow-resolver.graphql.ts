import { Arg, Ctx, Mutation, Query, Resolver, Subscription, Root } from 'type-graphql';
import { RequestFault } from '../../kernel';
import { parseInput, payload, signedIn, type RequestContext, type Watcher } from '../../platform';
import { TokensType, presentedDeviceToken } from '../sessions';
import {
  CancelAuthFlowInput,
  CompleteAuthFlowInput,
  SignInInput,
  StartChallengeInput,
  StartStepUpInput,
  VerifyChallengeInput,
  completeAuthFlowInput,
  flowTokenInput,
  signInInput,
  startChallengeInput,
  startStepUpInput,
  verifyChallengeInput,
} from './auth-flow-inputs.graphql';
import { AuthFlow, AuthFlowPayload } from './auth-flow.graphql';
import type { FlowResult } from './begin-flow.service';
import { versionOf } from './flow';
import type { FlowSteps } from './flow-steps.service';
import type { Flows } from './flows.service';
import type { SignIn } from './sign-in.service';
import type { StepUp } from './step-up.service';
import { isFinal } from './transitions';

const TOKEN_MAX = 1024;
const STREAMS_PER_FLOW = 3;

@Resolver(() => AuthFlow)
export class AuthFlowResolver {
  constructor(
    private readonly flows: Flows,
    private readonly steps: FlowSteps,
    private readonly signInService: SignIn,
    private readonly stepUp: StepUp,
    private readonly watcher: Watcher,
  ) {}

  @Query(() => AuthFlow, {
    nullable: true,
    description: 'The state of a flow, for pages that cannot subscribe. **Flow token.**',
  })
  async authFlow(@Arg('flowToken', () => String) flowToken: string): Promise<AuthFlow | null> {
    const flow = flowToken.length > TOKEN_MAX ? undefined : await this.flows.read(flowToken);
    return flow ? AuthFlow.from(flow) : null;
  }

  @Mutation(() => AuthFlowPayload, {
    description: 'Password first, then whatever the policy demands. **Anyone.**',
  })
  signIn(
    @Arg('input', () => SignInInput) input: SignInInput,
    @Ctx() context: RequestContext,
  ): Promise<AuthFlowPayload> {
    return payload(AuthFlowPayload, async () => {
      const wish = parseInput(signInInput, input);
      const { client, place, addressKey, requestId } = context;
      const deviceToken = presentedDeviceToken(wish, context);
      return shown(
        await this.signInService.signIn({
          ...wish,
          deviceToken,
          context: client,
          place,
          addressKey,
          requestId,
        }),
        context,
      );
    });
  }

  @Mutation(() => AuthFlowPayload, { description: 'Prove yourself again or better. **Signed in.**' })
  async startStepUp(
    @Arg('input', () => StartStepUpInput) input: StartStepUpInput,
    @Ctx() context: RequestContext,
  ): Promise<AuthFlowPayload> {
    const caller = await signedIn(context);
    return payload(AuthFlowPayload, async () => {
      const wish = parseInput(startStepUpInput, input);
      const { client, place, addressKey } = context;
      return shown(await this.stepUp.start(caller, { ...wish, context: client, place, addressKey }), context);
    });
  }

  @Mutation(() => AuthFlowPayload, {
    description: 'Choose a factor, switch to another, or resend. **Flow token.**',
  })
  startChallenge(
    @Arg('input', () => StartChallengeInput) input: StartChallengeInput,
    @Ctx() context: RequestContext,
  ): Promise<AuthFlowPayload> {
    return this.step(input.flowToken, context, () => {
      const { flowToken, factorId } = parseInput(startChallengeInput, input);
      return this.steps.startChallenge(flowToken, factorId);
    });
  }

  @Mutation(() => AuthFlowPayload, { description: 'Answer the open challenge. **Flow token.**' })
  verifyChallenge(
    @Arg('input', () => VerifyChallengeInput) input: VerifyChallengeInput,
    @Ctx() context: RequestContext,
  ): Promise<AuthFlowPayload> {
    return this.step(input.flowToken, context, () => {
      const { proof, challengeId, ...holder } = parseInput(verifyChallengeInput, input);
      return this.steps.verify(holder, proof, challengeId);
    });
  }

  @Mutation(() => AuthFlowPayload, {
    description:
      'In VERIFIED: collect the tokens. A repeat within 30 seconds (lost reply) gives the same session and tokens. **Flow token.**',
  })
  completeAuthFlow(
    @Arg('input', () => CompleteAuthFlowInput) input: CompleteAuthFlowInput,
    @Ctx() context: RequestContext,
  ): Promise<AuthFlowPayload> {
    return this.step(input.flowToken, context, () =>
      this.steps.complete(parseInput(completeAuthFlowInput, input)),
    );
  }

  @Mutation(() => AuthFlowPayload, { description: '**Flow token.**' })
  cancelAuthFlow(
    @Arg('input', () => CancelAuthFlowInput) input: CancelAuthFlowInput,
    @Ctx() context: RequestContext,
  ): Promise<AuthFlowPayload> {
    return this.step(input.flowToken, context, () =>
      this.steps.cancel(parseInput(flowTokenInput, input).flowToken),
    );
  }

  @Subscription(() => AuthFlow, {
    description: `The flow as it is now, then after every change, for every kind of factor. The server ends the stream after a
final status. After a broken connection just subscribe again: nothing is missed. **Flow token.**`,
    subscribe: ({ args, context }: { args: unknown; context: RequestContext }) =>
      context.resolvers.get(AuthFlowResolver).stream((args as { flowToken: string }).flowToken),
    name: 'authFlow',
  })
  authFlowChanged(@Root() flow: AuthFlow, @Arg('flowToken', () => String) _flowToken: string): AuthFlow {
    return flow;
  }

  /** The states of one flow; an unknown token is one UNAUTHENTICATED error, like any other that is not a flow's. */
  private async stream(flowToken: string): Promise<AsyncIterable<AuthFlow>> {
    const flow = flowToken.length > TOKEN_MAX ? undefined : await this.flows.read(flowToken);
    if (!flow) throw new RequestFault('UNAUTHENTICATED');
    if (this.watcher.countOf(flow.id) >= STREAMS_PER_FLOW) throw new RequestFault('RATE_LIMITED');
    return this.watcher.follow(flow.id, async () => {
      const now = await this.flows.read(flowToken);
      if (!now) return undefined;
      return { state: AuthFlow.from(now), version: versionOf(now), isFinal: isFinal(now.status) };
    });
  }

  /** A step of a flow: whatever is refused, the flow as it now stands is beside it. */
  private step(
    flowToken: string,
    context: RequestContext,
    run: () => Promise<FlowResult>,
  ): Promise<AuthFlowPayload> {
    return payload(
      AuthFlowPayload,
      async () => shown(await run(), context),
      async () => {
        const flow = flowToken.length > TOKEN_MAX ? undefined : await this.flows.read(flowToken);
        return { flow: flow ? AuthFlow.from(flow) : null };
      },
    );
  }
}

const shown = (result: FlowResult, context: RequestContext): Partial<AuthFlowPayload> => ({
  flow: AuthFlow.from(result.flow),
  flowToken: result.flowToken ?? null,
  tokens: result.tokens ? TokensType.from(result.tokens, context) : null,
});
