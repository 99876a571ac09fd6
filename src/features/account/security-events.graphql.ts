import { Arg, Ctx, ID, Resolver, Root, Subscription } from 'type-graphql';
import { RequestFault, Role, hasRole, isId } from '../../kernel';
import { signedIn, type RequestContext, type UserCaller } from '../../platform';
import { AuditEvent, type AuditFeed, type AuditLine } from '../events';
import type { Sessions } from '../sessions';
import type { Users } from '../users';

const STREAMS_PER_USER = 3;

/** The audit log as it grows, for those whom it concerns. */
@Resolver(() => AuditEvent)
export class SecurityEventsResolver {
  constructor(
    private readonly feed: AuditFeed,
    private readonly users: Users,
    private readonly sessions: Sessions,
  ) {}

  @Subscription(() => AuditEvent, {
    description: `Security events as they happen: one's own; for help desk and administrators anybody's, or one user's. What was before
is in the log. **Signed in.**`,
    subscribe: ({ args, context }: { args: unknown; context: RequestContext }) =>
      context.resolvers
        .get(SecurityEventsResolver)
        .stream((args as { userId?: string | null }).userId ?? null, context),
  })
  securityEvents(
    @Root() line: AuditLine,
    @Arg('userId', () => ID, { nullable: true }) _userId: string | null,
    @Ctx() _context: RequestContext,
  ): AuditEvent {
    return AuditEvent.from(line);
  }

  private async stream(wanted: string | null, context: RequestContext): Promise<AsyncIterable<AuditLine>> {
    const caller = await signedIn(context);
    if (wanted !== null && !isId('usr', wanted))
      throw new RequestFault('BAD_USER_INPUT', '`userId` is no id of a user.');
    const isStaff = hasRole(caller.roles, Role.HELP_DESK);
    const userId = wanted ?? (isStaff ? null : caller.userId);
    if (userId !== caller.userId && !isStaff) throw new RequestFault('FORBIDDEN');
    if (this.feed.countOf(caller.userId) >= STREAMS_PER_USER) throw new RequestFault('RATE_LIMITED');
    return this.feed.follow({
      listenerId: caller.userId,
      userId,
      mayHear: () => this.mayHear(caller, userId),
    });
  }

  /** As the session and the roles are now, not as they were when the stream began. */
  private async mayHear(caller: UserCaller, userId: string | null): Promise<boolean> {
    if (!(await this.sessions.isStanding(caller))) return false;
    if (userId === caller.userId) return true;
    const user = await this.users.find(caller.userId);
    return user !== undefined && hasRole(user.roles, Role.HELP_DESK);
  }
}
