import {
  Ctx,
  Field,
  FieldResolver,
  ID,
  Int,
  ObjectType,
  Resolver,
  Root,
  registerEnumType,
} from 'type-graphql';
import { RequestFault, Role, hasRole } from '../../kernel';
import { DateTime, Payload, type RequestContext } from '../../platform';
import { UserType, type Accounts } from '../account';
import { IdentityCheck, connectionOf } from '../administration';
import { ClientContextType } from '../factors';
import { RecoveryStatus, type RecoveryDecision, type RecoveryNow } from './recovery';
import type { RecoveryRequests } from './recovery-requests.service';

registerEnumType(RecoveryStatus, {
  name: 'RecoveryStatus',
  description: 'Where a recovery request stands.',
  valuesConfig: {
    PENDING: { description: 'Waiting for approvals.' },
    APPROVED: { description: 'Approved: the waiting period runs, the owner can stop it.' },
    READY: { description: 'The temporary code was sent.' },
    COMPLETED: { description: 'Final: used.' },
    DENIED: { description: 'Final.' },
    CANCELED: { description: 'Final: stopped by the user, also by signing in normally.' },
    EXPIRED: { description: 'Final.' },
  },
});

@ObjectType('RecoveryRequest', {
  description: `A locked-out user asks for a way in. It needs approvals by different people, and a waiting period in which every
channel of the user is told and can cancel. Then a temporary code is sent, to be used in a normal sign-in.`,
})
export class RecoveryRequestType {
  @Field(() => ID)
  id!: string;

  @Field(() => RecoveryStatus)
  status!: RecoveryStatus;

  @Field(() => String, { nullable: true })
  message!: string | null;

  @Field(() => ClientContextType)
  context!: ClientContextType;

  @Field(() => DateTime)
  createdAt!: Date;

  @Field(() => DateTime, {
    nullable: true,
    description: 'End of the waiting period, which runs from the last approval. Null until then.',
  })
  readyAt!: Date | null;

  @Field(() => DateTime, {
    description:
      'After this it is void: 7 days after the request, or `recoveryTimeoutHours` after `readyAt`.',
  })
  expiresAt!: Date;

  @Field(() => Int)
  requiredApprovals!: number;

  // Shown through the field resolvers, to those who may see it.
  userId!: string;

  static from(request: RecoveryNow): RecoveryRequestType {
    return Object.assign(new RecoveryRequestType(), {
      id: request.id,
      status: request.status,
      message: request.message,
      context: Object.assign(new ClientContextType(), request.context),
      createdAt: request.createdAt,
      readyAt: request.readyAt,
      expiresAt: request.expiresAt,
      requiredApprovals: request.requiredApprovals,
      userId: request.userId,
    });
  }
}

@ObjectType('RecoveryDecision', { description: "One person's decision." })
export class RecoveryDecisionType {
  @Field(() => Boolean)
  isApproval!: boolean;

  @Field(() => IdentityCheck, { nullable: true })
  identityCheck!: IdentityCheck | null;

  @Field(() => String, {
    nullable: true,
    description: 'A pointer to the evidence, never the document itself.',
  })
  evidenceReference!: string | null;

  @Field(() => DateTime)
  decidedAt!: Date;

  @Field(() => String)
  note!: string;

  // Shown through the field resolver.
  deciderId!: string;

  static from(decision: RecoveryDecision): RecoveryDecisionType {
    return Object.assign(new RecoveryDecisionType(), {
      isApproval: decision.isApproval,
      identityCheck: decision.identityCheck,
      evidenceReference: decision.evidenceReference,
      decidedAt: decision.decidedAt,
      note: decision.note,
      deciderId: decision.deciderId,
    });
  }
}

@ObjectType('RecoveryRequestPayload', { implements: Payload })
export class RecoveryRequestPayload extends Payload {
  @Field(() => RecoveryRequestType, { nullable: true })
  request: RecoveryRequestType | null = null;
}

export const RecoveryRequestConnection = connectionOf<RecoveryRequestType>(
  'RecoveryRequest',
  () => RecoveryRequestType,
);
export type RecoveryRequestConnection = InstanceType<typeof RecoveryRequestConnection>;

/** What only the help desk sees; the account itself also its owner. A flow token or a link is neither. */
@Resolver(() => RecoveryRequestType)
export class RecoveryFieldsResolver {
  constructor(
    private readonly requests: RecoveryRequests,
    private readonly accounts: Accounts,
  ) {}

  @FieldResolver(() => UserType, { description: '**Help desk**, or the user themselves, signed in.' })
  async user(@Root() request: RecoveryRequestType, @Ctx() context: RequestContext): Promise<UserType> {
    const caller = await context.caller();
    const isOwner = caller.kind === 'user' && caller.userId === request.userId;
    if (!isOwner) await refuseOthers(context);
    const user = await this.accounts.find(request.userId);
    if (!user) throw new Error(`user ${request.userId} is gone`);
    return UserType.from(user);
  }

  @FieldResolver(() => [RecoveryDecisionType], { description: '**Help desk.**' })
  async decisions(
    @Root() request: RecoveryRequestType,
    @Ctx() context: RequestContext,
  ): Promise<RecoveryDecisionType[]> {
    await refuseOthers(context);
    return (await this.requests.decisions(request.id)).map((decision) => RecoveryDecisionType.from(decision));
  }
}

@Resolver(() => RecoveryDecisionType)
export class RecoveryDecisionFieldsResolver {
  constructor(private readonly accounts: Accounts) {}

  @FieldResolver(() => UserType, { nullable: true, description: 'Null: the account was deleted since.' })
  async by(@Root() { deciderId }: RecoveryDecisionType): Promise<UserType | null> {
    const user = await this.accounts.find(deciderId);
    return user ? UserType.from(user) : null;
  }
}

async function refuseOthers(context: RequestContext): Promise<void> {
  const caller = await context.caller();
  if (caller.kind !== 'user' || !hasRole(caller.roles, Role.HELP_DESK)) throw new RequestFault('FORBIDDEN');
}
