import {
  Arg,
  Ctx,
  Field,
  ID,
  InputType,
  Mutation,
  ObjectType,
  Resolver,
  registerEnumType,
} from 'type-graphql';
import { z } from 'zod';
import {
  Payload,
  opaqueToken,
  parseInput,
  payload,
  presentedId,
  signedIn,
  type RequestContext,
} from '../../platform';
import { LIMITS, type Limits } from '../limits';
import { ReportAction, unknownEvent, type Reports } from './reports.service';

registerEnumType(ReportAction, { name: 'ReportAction' });

@InputType('ReportActivityInput')
export class ReportActivityInput {
  @Field(() => String, {
    nullable: true,
    description: 'From the link in a notice. Without it the caller must be signed in.',
  })
  reportToken?: string | null;

  @Field(() => ID, {
    nullable: true,
    description: 'The event that was not you. Not needed with a token.',
  })
  eventId?: string | null;
}

const reportActivityInput = z.object({
  reportToken: opaqueToken.optional(),
  eventId: presentedId.optional(),
});

@ObjectType('ReportPayload', { implements: Payload })
export class ReportPayload extends Payload {
  @Field(() => [ReportAction], { description: 'What was done, to be shown to the user.' })
  actions: readonly ReportAction[] = [];
}

@Resolver()
export class ReportResolver {
  constructor(
    private readonly reports: Reports,
    private readonly limits: Limits,
  ) {}

  @Mutation(() => ReportPayload, {
    description:
      'It was not me: ends what that event began, revokes its sessions, mutes push, and says what was done. **Signed in or report token.**',
  })
  reportActivity(
    @Arg('input', () => ReportActivityInput) input: ReportActivityInput,
    @Ctx() context: RequestContext,
  ): Promise<ReportPayload> {
    return payload(ReportPayload, async () => {
      const { reportToken, eventId } = parseInput(reportActivityInput, input);
      await this.limits.chargeUse(LIMITS.reportsByAddress, context.addressKey);
      const event =
        reportToken !== undefined
          ? await this.reports.byToken(reportToken)
          : await this.reports.byOwner((await signedIn(context)).userId, eventId ?? '');
      if (!event) throw unknownEvent();
      return { actions: await this.reports.report(event, context.client) };
    });
  }
}
