import { hasRole } from '../../../kernel';
import type { Effect, Finding, PolicyFacts, Rule } from '../facts';
import { finding } from '../finding';
import { isInNetworks } from '../networks';
import type { PolicyRule, RiskSignal } from '../policy';

/** The rules that the policy itself lists: by role, application, network and signal. They come last, since they see all signals. */
export const policyRules: Rule = {
  name: 'policy-rules',
  evaluate: (policy, facts, found) =>
    policy.rules
      .filter((rule) => matches(rule, facts, found))
      .map((rule): Finding => {
        const isRiskBased = (rule.signals?.length ?? 0) > 0;
        return finding(policy, {
          rule: `rules.${rule.name}`,
          effect: effectOf(rule, found),
          level: rule.minimumAssurance,
          isSparedByDevice: !isRiskBased,
          allowedKinds: rule.allowedKinds,
          explanation: `The rule "${rule.name}" applies.`,
        });
      }),
};

function effectOf(rule: PolicyRule, found: readonly RiskSignal[]): Effect {
  if (rule.isBlocking) return 'BLOCK';
  if (rule.requirement === 'ALWAYS') return 'ENFORCE';
  if (rule.requirement === 'OPTIONAL') return 'ASK';
  return found.length > 0 ? 'ASK' : 'NOTE';
}

function matches(rule: PolicyRule, facts: PolicyFacts, found: readonly RiskSignal[]): boolean {
  const holds = <T>(given: readonly T[] | null, is: (values: readonly T[]) => boolean): boolean =>
    given === null || given.length === 0 || is(given);
  return (
    holds(rule.roles, (roles) => roles.some((role) => hasRole(facts.roles, role))) &&
    holds(rule.clientIds, (ids) => ids.includes(facts.clientId)) &&
    holds(rule.networks, (networks) => isInNetworks(facts.ipAddress, networks)) &&
    holds(rule.signals, (signals) => signals.some((signal) => found.includes(signal)))
  );
}
