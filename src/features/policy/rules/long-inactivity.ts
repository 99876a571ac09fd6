import type { Rule } from '../facts';
import { signalFinding } from '../finding';

const DAY = 86_400_000;

/** Nobody has signed in to the account for long. */
export const longInactivity: Rule = {
  name: 'long-inactivity',
  evaluate: (policy, { purpose, at, lastActiveAt }) => {
    const days = Math.floor((at.getTime() - lastActiveAt.getTime()) / DAY);
    return purpose === 'SIGN_IN' && days >= policy.inactivityDays
      ? signalFinding(policy, 'LONG_INACTIVITY', `Nobody signed in for ${String(days)} days.`)
      : undefined;
  },
};
