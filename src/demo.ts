import type { Accounts } from './features/account';
import type { NewUser } from './features/users';
import { Refusal } from './kernel';

/** People to try the gateway with; outside production only. */
const DEMO_USERS: readonly NewUser[] = [
  { email: 'ada@example.com', displayName: 'Ada' },
  { email: 'grace@example.com', displayName: 'Grace', roles: ['USER', 'HELP_DESK'] },
  { email: 'admin@example.com', displayName: 'Admin', roles: ['USER', 'HELP_DESK', 'ADMIN'] },
  { email: 'robot@example.com', displayName: 'Robot', accountType: 'SERVICE' },
];

/** Makes the demo users that are not there yet; says which. */
export async function seedDemo(accounts: Accounts, password: string): Promise<string[]> {
  const made: string[] = [];
  for (const user of DEMO_USERS) {
    try {
      await accounts.provision({ ...user, password, isTrusted: true, isEmailVerified: true }, null, null);
      made.push(user.email);
    } catch (error) {
      if (!(error instanceof Refusal) || error.code !== 'CONFLICT') throw error;
    }
  }
  return made;
}
