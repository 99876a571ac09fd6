import { Arg, Ctx, Field, ID, InputType, Int, Mutation, Query, Resolver } from 'type-graphql';
import { z } from 'zod';
import { Role } from '../../kernel';
import {
  opaqueToken,
  parseInput,
  payload,
  presentedId,
  shortText,
  signedIn,
  withRole,
  type RequestContext,
} from '../../platform';
import { IdentityCheck, pageOf } from '../administration';
import { LIMITS, type Limits } from '../limits';
import { RecoveryStatus } from './recovery';
import type { RecoveryDecisions } from './recovery-decisions.service';
import type { RecoveryRequests } from './recovery-requests.service';
import { RecoveryRequestConnection, RecoveryRequestPayload, RecoveryRequestType } from './recovery.graphql';

const MESSAGE_MAX = 500;
const NOTE_MAX = 500;
const REFERENCE_MAX = 200;

@InputType('RequestRecoveryInput')
export class RequestRecoveryInput {
  @Field(() => String)
  flowToken!: string;

  @Field(() => String, { nullable: true })
  message?: string | null;
}

const requestRecoveryInput = z.object({
  flowToken: opaqueToken,
  message: shortText(MESSAGE_MAX).optional(),
});

@InputType('CancelRecoveryInput')
export class CancelRecoveryInput {
  @Field(() => String, {
    nullable: true,
    description: 'From the link in the notice. Not needed when signed in.',
  })
  cancelToken?: string | null;

  @Field(() => ID, { nullable: true })
  requestId?: string | null;
}

const cancelRecoveryInput = z.object({
  cancelToken: opaqueToken.optional(),
  requestId: presentedId.optional(),
});

@InputType('DecideRecoveryInput')
export class DecideRecoveryInput {
  @Field(() => ID)
  requestId!: string;

  @Field(() => Boolean)
  approve!: boolean;

  @Field(() => IdentityCheck, { nullable: true, description: 'Needed to approve.' })
  identityCheck?: IdentityCheck | null;

  @Field(() => String, {
    nullable: true,
    description: 'A pointer to the evidence (case number), never the document itself. Needed to approve.',
  })
  evidenceReference?: string | null;

  @Field(() => Boolean, {
    defaultValue: false,
    description: 'Skips the waiting period; needs one approval more, and every channel of the user is told.',
  })
  isEmergency!: boolean;

  @Field(() => String, { description: 'Kept in the audit log.' })
  note!: string;
}

const decideRecoveryInput = z.object({
  requestId: presentedId,
  approve: z.boolean(),
  identityCheck: z.enum(IdentityCheck).optional(),
  evidenceReference: shortText(REFERENCE_MAX).optional(),
  isEmergency: z.boolean().default(false),
  note: shortText(NOTE_MAX),
});

@Resolver()
export class RecoveryResolver {
  constructor(
    private readonly requests: RecoveryRequests,
    private readonly decisions: RecoveryDecisions,
    private readonly limits: Limits,
  ) {}

  @Query(() => RecoveryRequestConnection, { description: 'Oldest first. **Help desk.**' })
  async recoveryRequests(
    @Arg('status', () => RecoveryStatus, { nullable: true, defaultValue: RecoveryStatus.PENDING })
    status: RecoveryStatus | null,
    @Arg('first', () => Int, { nullable: true, defaultValue: 20 }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null | undefined,
    @Ctx() context: RequestContext,
  ): Promise<RecoveryRequestConnection> {
    await withRole(context, Role.HELP_DESK);
    const page = pageOf(first ?? 20, after, 'rec');
    const { rows, hasNextPage } = await this.requests.page(status, page);
    const nodes = rows.map((request) => RecoveryRequestType.from(request));
    return RecoveryRequestConnection.from({ rows: nodes, hasNextPage }, () => this.requests.count(status));
  }

  @Mutation(() => RecoveryRequestPayload, {
    description:
      'Ask the help desk for a way in, from a SIGN_IN or PASSWORD_RESET flow with its second factor open. **Flow token.**',
  })
  requestRecovery(
    @Arg('input', () => RequestRecoveryInput) input: RequestRecoveryInput,
    @Ctx() context: RequestContext,
  ): Promise<RecoveryRequestPayload> {
    return payload(RecoveryRequestPayload, async () => {
      const { flowToken, message } = parseInput(requestRecoveryInput, input);
      const request = await this.requests.request(flowToken, message ?? null, context.client);
      return { request: RecoveryRequestType.from(request) };
    });
  }

  @Mutation(() => RecoveryRequestPayload, {
    description: 'Stop a recovery. **Cancel token or signed in.**',
  })
  cancelRecovery(
    @Arg('input', () => CancelRecoveryInput) input: CancelRecoveryInput,
    @Ctx() context: RequestContext,
  ): Promise<RecoveryRequestPayload> {
    return payload(RecoveryRequestPayload, async () => {
      const { cancelToken, requestId } = parseInput(cancelRecoveryInput, input);
      await this.limits.chargeUse(LIMITS.reportsByAddress, context.addressKey);
      const request =
        cancelToken !== undefined
          ? await this.requests.cancelByToken(cancelToken, context.client)
          : await this.requests.cancelByOwner((await signedIn(context)).userId, requestId, context.client);
      return { request: RecoveryRequestType.from(request) };
    });
  }

  @Mutation(() => RecoveryRequestPayload, {
    description: 'Needs a fresh step-up; not for oneself, not twice by the same person. **Help desk.**',
  })
  async decideRecovery(
    @Arg('input', () => DecideRecoveryInput) input: DecideRecoveryInput,
    @Ctx() context: RequestContext,
  ): Promise<RecoveryRequestPayload> {
    const caller = await withRole(context, Role.HELP_DESK);
    return payload(RecoveryRequestPayload, async () => {
      const wish = parseInput(decideRecoveryInput, input);
      return {
        request: RecoveryRequestType.from(await this.decisions.decide(caller, wish, context.client)),
      };
    });
  }
}
