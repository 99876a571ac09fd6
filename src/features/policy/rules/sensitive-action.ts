import type { Rule } from '../facts';
import { finding, signalFinding } from '../finding';

/** The application names a sensitive action; one that the policy names has a level that nobody is spared. */
export const sensitiveAction: Rule = {
  name: 'sensitive-action',
  evaluate: (policy, { action }) => {
    if (action === null) return undefined;
    const named = policy.actions.find(({ name }) => name === action);
    const found = signalFinding(policy, 'SENSITIVE_ACTION', `The action ${action} is sensitive.`);
    if (!named) return found;
    const demanded = finding(policy, {
      rule: 'named-action',
      effect: 'REQUIRE',
      level: named.minimumAssurance,
      promptReason: 'STEP_UP',
      explanation: `The policy asks ${named.minimumAssurance} for the action ${action}.`,
    });
    return [found, demanded];
  },
};
