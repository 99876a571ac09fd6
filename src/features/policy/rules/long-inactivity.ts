import { days } from '../../../kernel';
import type { Rule } from '../facts';
import { signalFinding } from '../finding';

/** Nobody has signed in to the account for long. */
export const longInactivity: Rule = {
  name: 'long-inactivity',
  evaluate: (policy, { purpose, at, lastActiveAt }) => {
    const count = Math.floor((at.getTime() - lastActiveAt.getTime()) / days(1));
    return purpose === 'SIGN_IN' && count >= policy.inactivityDays
      ? signalFinding(policy, 'LONG_INACTIVITY', `Nobody signed in for ${String(count)} days.`)
      : undefined;
  },
};
