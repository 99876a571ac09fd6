import type { Effect, Finding } from './facts';
import type { PolicyValues, RiskResponse, RiskSignal } from './policy';

/** A finding of the policy itself, for what the rule does not say otherwise. */
export const finding = (
  policy: Pick<PolicyValues, 'minimumAssurance'>,
  given: Pick<Finding, 'rule' | 'effect' | 'explanation'> & Partial<Finding>,
): Finding => ({
  level: policy.minimumAssurance,
  promptReason: 'POLICY',
  signal: null,
  isSparedByDevice: false,
  allowedKinds: null,
  ...given,
});

const EFFECTS: Record<RiskResponse, Effect> = {
  IGNORE: 'NOTE',
  PROMPT_MFA: 'ASK',
  REQUIRE_MFA: 'REQUIRE',
  BLOCK: 'BLOCK',
};

/** A risk signal, with what the policy answers to it. A remembered browser never helps against it. */
export const signalFinding = (
  policy: Pick<PolicyValues, 'minimumAssurance' | 'riskResponses'>,
  signal: RiskSignal,
  explanation: string,
): Finding =>
  finding(policy, {
    rule: signal.toLowerCase().replaceAll('_', '-'),
    effect: EFFECTS[policy.riskResponses[signal]],
    promptReason: signal === 'SENSITIVE_ACTION' ? 'STEP_UP' : signal,
    signal,
    explanation,
  });
