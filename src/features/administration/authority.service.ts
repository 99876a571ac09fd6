import { Refusal, hasRole } from '../../kernel';
import type { UserCaller } from '../../platform';
import type { EnrollmentAccess } from '../account';
import type { User, Users } from '../users';

/** Who may act on whose account: freshly stepped up, never on oneself, never on a higher role. */
export class Authority {
  constructor(
    private readonly users: Users,
    private readonly access: EnrollmentAccess,
  ) {}

  /**
   * The user to be acted on; the caller's own role was asked for before. Refuses with STEP_UP_REQUIRED, NOT_FOUND, or
   * BLOCKED_BY_POLICY for oneself and for a higher role.
   */
  async over(caller: UserCaller, userId: string): Promise<User> {
    await this.access.requireStepUp(caller);
    const user = await this.users.find(userId);
    if (!user) throw new Refusal('NOT_FOUND', { path: ['input', 'userId'] });
    if (user.id === caller.userId)
      throw new Refusal('BLOCKED_BY_POLICY', { message: 'Nobody acts on their own account here.' });
    if (!user.roles.every((role) => hasRole(caller.roles, role)))
      throw new Refusal('BLOCKED_BY_POLICY', { message: 'This account has a higher role than yours.' });
    return user;
  }
}
