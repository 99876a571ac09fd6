import { reaches, strongest, type AssuranceLevel } from '../../kernel';
import type { Finding, PolicyFacts, PromptReason, Rule } from './facts';
import { enrolledFactor } from './rules/enrolled-factor';
import { requiredForEverybody } from './rules/required-for-everybody';
import { requestedAssurance } from './rules/requested-assurance';

const RULES: readonly Rule[] = [enrolledFactor, requiredForEverybody, requestedAssurance];

/** What a flow needs, with every finding that led to it. */
export interface Decision {
  readonly requiredAssurance: AssuranceLevel;
  readonly promptReasons: readonly PromptReason[];
  readonly findings: readonly Finding[];
}

/** Whether the policy would demand a second factor of a user who has none: then the last one cannot go. */
export const mustKeepFactor = (user: Pick<PolicyFacts, 'accountType' | 'isMfaRequired'>): boolean =>
  reaches(
    decide({ ...user, purpose: 'SIGN_IN', hasFactor: false, requestedAssurance: null }).requiredAssurance,
    'AAL2',
  );

export function decide(facts: PolicyFacts): Decision {
  const findings = RULES.flatMap((rule) => rule.evaluate(facts) ?? []);
  return {
    requiredAssurance: strongest('AAL1', ...findings.map((finding) => finding.requiredAssurance)),
    promptReasons: [...new Set(findings.map((finding) => finding.promptReason))],
    findings,
  };
}
