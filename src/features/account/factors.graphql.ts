import { Arg, Ctx, Field, ID, InputType, Mutation, ObjectType, Resolver } from 'type-graphql';
import { z } from 'zod';
import { Refusal } from '../../kernel';
import {
  Payload,
  opaqueToken,
  parseInput,
  payload,
  presentedId,
  shortText,
  signedIn,
  type RequestContext,
} from '../../platform';
import type { Enrollments } from '../enrollment';
import { Factor, type FactorFacts } from '../factors';
import type { Limits } from '../limits';
import type { Users } from '../users';
import type { BackupCodeSets } from './backup-code-sets.service';
import type { EnrollmentAccess } from './enrollment-access.service';
import type { FactorManagement } from './factor-management.service';
import { UserType, ownFactor } from './user.graphql';

const LABEL_MAX = 60;
const code = z
  .string()
  .max(64)
  .transform((text) => text.replace(/[ -]/g, ''));
const sixDigits = code.pipe(z.string().regex(/^[0-9]{6}$/, 'The code has six digits.'));

@InputType('UpdateFactorInput')
export class UpdateFactorInput {
  @Field(() => ID)
  factorId!: string;

  @Field(() => String, { nullable: true })
  label?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'True: offer this one first.' })
  isPreferred?: boolean | null;
}

const updateFactorInput = z.object({
  factorId: presentedId,
  label: shortText(LABEL_MAX).optional(),
  isPreferred: z.boolean().optional(),
});

@InputType('RemoveFactorInput')
export class RemoveFactorInput {
  @Field(() => ID)
  factorId!: string;
}

@InputType('ResyncFactorInput', {
  description: 'Two consecutive codes, as the app shows them, for an app whose clock is far off.',
})
export class ResyncFactorInput {
  @Field(() => ID)
  factorId!: string;

  @Field(() => String)
  firstCode!: string;

  @Field(() => String)
  secondCode!: string;
}

const resyncFactorInput = z.object({ factorId: presentedId, firstCode: sixDigits, secondCode: sixDigits });

@InputType('GenerateBackupCodesInput')
export class GenerateBackupCodesInput {
  @Field(() => String, {
    nullable: true,
    description:
      'Right after the first factor was confirmed on a phone: once, no step-up. Without it the caller must be signed in and stepped up.',
  })
  enrollmentToken?: string | null;
}

@ObjectType('FactorPayload', { implements: Payload })
export class FactorPayload extends Payload {
  @Field(() => Factor, { nullable: true, description: 'The changed or removed factor.' })
  factor: Factor | null = null;

  @Field(() => UserType, { nullable: true })
  user: UserType | null = null;
}

@ObjectType('BackupCodesPayload', { implements: Payload })
export class BackupCodesPayload extends Payload {
  @Field(() => [String], {
    nullable: true,
    description: 'Show once, with download, copy and print. Earlier codes stop working.',
  })
  codes: readonly string[] | null = null;

  @Field(() => Factor, { nullable: true })
  factor: Factor | null = null;
}

/** What a signed-in user does with the factors that they have. */
@Resolver()
export class FactorsResolver {
  constructor(
    private readonly management: FactorManagement,
    private readonly backupCodes: BackupCodeSets,
    private readonly enrollments: Enrollments,
    private readonly access: EnrollmentAccess,
    private readonly users: Users,
    private readonly limits: Limits,
  ) {}

  @Mutation(() => FactorPayload, { description: 'Rename, or make it the preferred one. **Signed in.**' })
  async updateFactor(
    @Arg('input', () => UpdateFactorInput) input: UpdateFactorInput,
    @Ctx() context: RequestContext,
  ): Promise<FactorPayload> {
    const caller = await signedIn(context);
    return payload(FactorPayload, async () => {
      const { factorId, ...changes } = parseInput(updateFactorInput, input);
      return this.shown(await this.management.update(caller, factorId, changes));
    });
  }

  @Mutation(() => FactorPayload, { description: '**Signed in.**' })
  async removeFactor(
    @Arg('input', () => RemoveFactorInput) input: RemoveFactorInput,
    @Ctx() context: RequestContext,
  ): Promise<FactorPayload> {
    const caller = await signedIn(context);
    return payload(FactorPayload, async () => {
      const { factorId } = parseInput(z.object({ factorId: presentedId }), input);
      return this.shown(await this.management.remove(caller, factorId, context.client));
    });
  }

  @Mutation(() => FactorPayload, {
    description: 'Let an app whose clock is far off work again. **Signed in, stepped up.**',
  })
  async resyncFactor(
    @Arg('input', () => ResyncFactorInput) input: ResyncFactorInput,
    @Ctx() context: RequestContext,
  ): Promise<FactorPayload> {
    const caller = await signedIn(context);
    return payload(FactorPayload, async () => {
      const { factorId, firstCode, secondCode } = parseInput(resyncFactorInput, input);
      return this.shown(
        await this.management.resync(caller, factorId, [firstCode, secondCode], context.client),
      );
    });
  }

  @Mutation(() => BackupCodesPayload, {
    description: '**Signed in and stepped up, or enrollment token.**',
  })
  generateBackupCodes(
    @Arg('input', () => GenerateBackupCodesInput) input: GenerateBackupCodesInput,
    @Ctx() context: RequestContext,
  ): Promise<BackupCodesPayload> {
    return payload(BackupCodesPayload, async () => {
      const { enrollmentToken } = parseInput(z.object({ enrollmentToken: opaqueToken.optional() }), input);
      const { codes, factor } = await (enrollmentToken === undefined
        ? this.generateSignedIn(context)
        : this.generateByToken(enrollmentToken, context));
      return { codes, factor: ownFactor(factor, null) };
    });
  }

  private async generateSignedIn(context: RequestContext) {
    const caller = await signedIn(context);
    await this.access.requireStepUp(caller);
    await this.access.refuseByBackupCode(caller);
    return this.backupCodes.generate(caller.userId, caller.sessionId, context.client);
  }

  private async generateByToken(enrollmentToken: string, context: RequestContext) {
    const enrollment = await this.enrollments.read(enrollmentToken);
    if (!enrollment) throw new Refusal('INVALID_TOKEN');
    await this.access.toConfirm(enrollment, await context.caller());
    return this.backupCodes.generateFor(enrollment, context.client);
  }

  private async shown(factor: FactorFacts): Promise<Partial<FactorPayload>> {
    const user = await this.users.find(factor.userId);
    const { retryAt } = await this.limits.guessesUsableFrom(factor.userId);
    return { factor: ownFactor(factor, retryAt), user: user ? UserType.from(user) : null };
  }
}
