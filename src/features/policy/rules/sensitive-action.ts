import { strongest } from '../../../kernel';
import type { Rule } from '../facts';
import { signalFinding } from '../finding';

/** The application names a sensitive action; what it needs at least may stand in the policy. */
export const sensitiveAction: Rule = {
  name: 'sensitive-action',
  evaluate: (policy, { action }) => {
    if (action === null) return undefined;
    const named = policy.actions.find(({ name }) => name === action);
    const found = signalFinding(policy, 'SENSITIVE_ACTION', `The action ${action} is sensitive.`);
    return named ? { ...found, level: strongest(found.level, named.minimumAssurance) } : found;
  },
};
