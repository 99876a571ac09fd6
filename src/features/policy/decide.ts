import { strongest, type AssuranceLevel } from '../../kernel';
import type { Finding, PolicyFacts, PromptReason, Rule } from './facts';
import { enrolledFactor } from './rules/enrolled-factor';
import { requestedAssurance } from './rules/requested-assurance';

const RULES: readonly Rule[] = [enrolledFactor, requestedAssurance];

/** What a flow needs, with every finding that led to it. */
export interface Decision {
  readonly requiredAssurance: AssuranceLevel;
  readonly promptReasons: readonly PromptReason[];
  readonly findings: readonly Finding[];
}

export function decide(facts: PolicyFacts): Decision {
  const findings = RULES.flatMap((rule) => rule.evaluate(facts) ?? []);
  return {
    requiredAssurance: strongest('AAL1', ...findings.map((finding) => finding.requiredAssurance)),
    promptReasons: [...new Set(findings.map((finding) => finding.promptReason))],
    findings,
  };
}
