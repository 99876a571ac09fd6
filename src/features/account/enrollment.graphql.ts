import {
  Arg,
  Ctx,
  Field,
  InputType,
  Mutation,
  ObjectType,
  Query,
  Resolver,
  Root,
  Subscription,
} from 'type-graphql';
import { z } from 'zod';
import { Refusal, RequestFault } from '../../kernel';
import {
  Payload,
  opaqueToken,
  parseInput,
  payload,
  shortText,
  signedIn,
  type RequestContext,
  type Watcher,
} from '../../platform';
import { AuthFlow, type Flows } from '../auth-flow';
import { Enrollment, type EnrollmentNow, type Enrollments } from '../enrollment';
import { ProofInput, factorKindEnum, proofInput } from '../factors';
import type { BackupCodeSets } from './backup-code-sets.service';
import type { EnrollmentAccess } from './enrollment-access.service';

const LABEL_MAX = 60;
const TOKEN_MAX = 1024;
const STREAMS_PER_ENROLLMENT = 3;

@InputType('StartEnrollmentInput')
export class StartEnrollmentInput {
  @Field(() => factorKindEnum)
  kind!: string;

  @Field(() => String, {
    nullable: true,
    description: 'For SMS, in any usual notation; `defaultCountry` helps with national numbers.',
  })
  phoneNumber?: string | null;

  @Field(() => String, { nullable: true, description: 'ISO 3166 code, for example `CH`.' })
  defaultCountry?: string | null;

  @Field(() => String, { nullable: true, description: "For EMAIL. Default: the account's address." })
  email?: string | null;

  @Field(() => String, { nullable: true })
  label?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Within a flow in ENROLLMENT_REQUIRED. Without it the caller must be signed in.',
  })
  flowToken?: string | null;
}

const startEnrollmentInput = z.object({
  kind: z.string(),
  phoneNumber: z.string().max(64, 'This is too long.').optional(),
  defaultCountry: z
    .string()
    .regex(/^[A-Za-z]{2}$/, 'Two letters, for example CH.')
    .optional(),
  email: z.string().max(508, 'This is too long.').optional(),
  label: shortText(LABEL_MAX).optional(),
  flowToken: opaqueToken.optional(),
});

@InputType('ConfirmEnrollmentInput')
export class ConfirmEnrollmentInput {
  @Field(() => String)
  enrollmentToken!: string;

  @Field(() => ProofInput)
  proof!: ProofInput;

  @Field(() => String, { nullable: true })
  label?: string | null;
}

const confirmEnrollmentInput = z.object({
  enrollmentToken: opaqueToken,
  proof: proofInput,
  label: shortText(LABEL_MAX).optional(),
});

@ObjectType('EnrollmentPayload', { implements: Payload })
export class EnrollmentPayload extends Payload {
  @Field(() => Enrollment, { nullable: true })
  enrollment: Enrollment | null = null;

  @Field(() => String, {
    nullable: true,
    description: 'The secret that drives the enrollment. Only in the reply of `startEnrollment`.',
  })
  enrollmentToken: string | null = null;

  @Field(() => AuthFlow, {
    nullable: true,
    description: 'The flow that asked for the enrollment, if any, with its new status.',
  })
  flow: AuthFlow | null = null;

  @Field(() => [String], {
    nullable: true,
    description:
      "Only when this confirmed the account's first factor. Show once, with download, copy and print.",
  })
  backupCodes: readonly string[] | null = null;
}

@Resolver(() => Enrollment)
export class EnrollmentResolver {
  constructor(
    private readonly enrollments: Enrollments,
    private readonly access: EnrollmentAccess,
    private readonly flows: Flows,
    private readonly watcher: Watcher,
    private readonly backupCodes: BackupCodeSets,
  ) {}

  @Query(() => Enrollment, {
    nullable: true,
    description: 'The state of an enrollment. **Enrollment token.**',
  })
  async enrollment(@Arg('enrollmentToken', () => String) token: string): Promise<Enrollment | null> {
    const enrollment = await this.read(token);
    return enrollment ? Enrollment.from(enrollment) : null;
  }

  @Mutation(() => EnrollmentPayload, {
    description:
      'Again with the same kind while one is pending: replaces it (before `resendableAt`: TOO_SOON). **Signed in or flow token.**',
  })
  startEnrollment(
    @Arg('input', () => StartEnrollmentInput) input: StartEnrollmentInput,
    @Ctx() context: RequestContext,
  ): Promise<EnrollmentPayload> {
    return payload(EnrollmentPayload, async () => {
      const { kind, flowToken, ...more } = parseInput(startEnrollmentInput, input);
      const { user, origin, allowedKinds } = await this.access.toStart(flowToken, () => signedIn(context));
      if (!allowedKinds.includes(kind))
        throw new Refusal('FACTOR_NOT_AVAILABLE', { path: ['input', 'kind'] });
      const { id, email, locale } = user;
      const started = await this.enrollments.start(
        { id, email, locale },
        kind,
        {
          label: more.label ?? null,
          phoneNumber: more.phoneNumber ?? null,
          defaultCountry: more.defaultCountry?.toUpperCase() ?? null,
          email: more.email ?? null,
          context: context.client,
        },
        origin,
      );
      return {
        enrollment: Enrollment.from(started.enrollment),
        enrollmentToken: started.enrollmentToken,
        flow: await this.flowOf(started.enrollment),
      };
    });
  }

  @Mutation(() => EnrollmentPayload, { description: '**Enrollment token.**' })
  confirmEnrollment(
    @Arg('input', () => ConfirmEnrollmentInput) input: ConfirmEnrollmentInput,
    @Ctx() context: RequestContext,
  ): Promise<EnrollmentPayload> {
    return payload(
      EnrollmentPayload,
      async () => {
        const { enrollmentToken, proof, label } = parseInput(confirmEnrollmentInput, input);
        const enrollment = await this.read(enrollmentToken);
        if (!enrollment) throw new Refusal('INVALID_TOKEN');
        await this.access.toConfirm(enrollment, await context.caller());
        const confirmed = await this.enrollments.confirm(enrollment, proof, label ?? null, context.client);
        return {
          enrollment: Enrollment.from(confirmed.enrollment),
          flow: await this.flowOf(confirmed.enrollment),
          backupCodes: confirmed.isFirst ? await this.firstCodes(confirmed.enrollment, context) : null,
        };
      },
      async () => {
        const enrollment = await this.read(input.enrollmentToken);
        return {
          enrollment: enrollment ? Enrollment.from(enrollment) : null,
          flow: enrollment ? await this.flowOf(enrollment) : null,
        };
      },
    );
  }

  @Subscription(() => Enrollment, {
    description:
      'The enrollment as it is now, then after every change. Needed only for push. **Enrollment token.**',
    subscribe: ({ args, context }: { args: unknown; context: RequestContext }) =>
      context.resolvers.get(EnrollmentResolver).stream((args as { enrollmentToken: string }).enrollmentToken),
    name: 'enrollment',
  })
  enrollmentChanged(
    @Root() enrollment: Enrollment,
    @Arg('enrollmentToken', () => String) _enrollmentToken: string,
  ): Enrollment {
    return enrollment;
  }

  private async stream(token: string): Promise<AsyncIterable<Enrollment>> {
    const enrollment = await this.read(token);
    if (!enrollment) throw new RequestFault('UNAUTHENTICATED');
    if (this.watcher.countOf(enrollment.id) >= STREAMS_PER_ENROLLMENT) throw new RequestFault('RATE_LIMITED');
    return this.watcher.follow(enrollment.id, async () => {
      const now = await this.read(token);
      return now && { state: Enrollment.from(now), version: now.status, isFinal: now.status !== 'PENDING' };
    });
  }

  /** The factor is confirmed whatever happens here: without codes the page offers to make them. */
  private async firstCodes(
    enrollment: EnrollmentNow,
    context: RequestContext,
  ): Promise<readonly string[] | null> {
    try {
      return (await this.backupCodes.generateFirst(enrollment, context.client)).codes;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return null;
    }
  }

  private async read(token: string): Promise<EnrollmentNow | undefined> {
    return token.length > TOKEN_MAX ? undefined : this.enrollments.read(token);
  }

  private async flowOf({ flowId }: EnrollmentNow): Promise<AuthFlow | null> {
    const flow = flowId === null ? undefined : await this.flows.readById(flowId);
    return flow ? AuthFlow.from(flow) : null;
  }
}
