import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { Role, hasRole, type ClientContext } from '../../kernel';
import type { RequestContext } from '../../platform';
import { UserType, type Accounts } from '../account';
import { AuditEvent } from '../events';
import { ClientContextType, factorKindEnum } from '../factors';

const OF_AGENTS = 'Null for the user whom it concerns, where somebody else did it.';

/** The fields of an audit event whose types belong to higher features. */
@Resolver(() => AuditEvent)
export class AuditEventFieldsResolver {
  constructor(private readonly accounts: Accounts) {}

  @FieldResolver(() => UserType, {
    nullable: true,
    description: 'Who did it. Null: the gateway, or someone unknown, or not for you to see.',
  })
  actor(@Root() { actorId }: AuditEvent, @Ctx() context: RequestContext): Promise<UserType | null> {
    return this.seen(actorId, context);
  }

  @FieldResolver(() => UserType, { nullable: true, description: 'Whose account it concerns.' })
  user(@Root() { userId }: AuditEvent, @Ctx() context: RequestContext): Promise<UserType | null> {
    return this.seen(userId, context);
  }

  @FieldResolver(() => factorKindEnum, {
    nullable: true,
    description: 'Null also where it was the password.',
  })
  factorKind(@Root() { recordedKind }: AuditEvent): string | null {
    return recordedKind !== null && recordedKind in factorKindEnum ? recordedKind : null;
  }

  @FieldResolver(() => ClientContextType, { nullable: true, description: OF_AGENTS })
  async context(@Root() event: AuditEvent, @Ctx() context: RequestContext): Promise<ClientContext | null> {
    const { recordedContext } = event;
    if (!recordedContext || !(await isShown(event, context))) return null;
    return ClientContextType.from(recordedContext);
  }

  @FieldResolver(() => String, { nullable: true, description: OF_AGENTS })
  async note(@Root() event: AuditEvent, @Ctx() context: RequestContext): Promise<string | null> {
    return (await isShown(event, context)) ? event.note : null;
  }

  /** Users see themselves; others are for the help desk. */
  private async seen(userId: string | null, context: RequestContext): Promise<UserType | null> {
    const caller = await context.caller();
    if (userId === null || caller.kind !== 'user') return null;
    if (caller.userId !== userId && !hasRole(caller.roles, Role.HELP_DESK)) return null;
    const user = await this.accounts.find(userId);
    return user ? UserType.from(user) : null;
  }
}

/** What an agent wrote about a user, and where the agent was, is not the user's to read. */
async function isShown(
  { actorId, userId }: Pick<AuditEvent, 'actorId' | 'userId'>,
  context: RequestContext,
): Promise<boolean> {
  if (actorId === null || actorId === userId) return true;
  const caller = await context.caller();
  if (caller.kind !== 'user') return false;
  return caller.userId === actorId || (caller.userId !== userId && hasRole(caller.roles, Role.HELP_DESK));
}
