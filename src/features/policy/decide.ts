import { days, reaches, strongest, type AssuranceLevel } from '../../kernel';
import type { Finding, PolicyFacts, PromptReason, Rule } from './facts';
import { DORMANT_DAYS, isExcluded } from './enforced';
import { finding } from './finding';
import {
  DEFAULT_POLICY,
  kindsAllowedBy,
  type MfaRequirement,
  type PolicyValues,
  type RiskSignal,
} from './policy';
import { closedEnrollment } from './rules/closed-enrollment';
import { enforcement } from './rules/enforcement';
import { enrolledFactor } from './rules/enrolled-factor';
import { impossibleTravel } from './rules/impossible-travel';
import { listedNetwork } from './rules/listed-network';
import { longInactivity } from './rules/long-inactivity';
import { newDevice } from './rules/new-device';
import { newLocation } from './rules/new-location';
import { policyRules } from './rules/policy-rules';
import { requestedAssurance } from './rules/requested-assurance';
import { sensitiveAction } from './rules/sensitive-action';

const RULES: readonly Rule[] = [
  enrolledFactor,
  enforcement,
  closedEnrollment,
  requestedAssurance,
  sensitiveAction,
  newDevice,
  newLocation,
  impossibleTravel,
  longInactivity,
  listedNetwork,
  policyRules,
];

/** What a flow needs, with every finding that led to it. */
export interface Decision {
  readonly requirement: MfaRequirement;
  readonly requiredAssurance: AssuranceLevel;
  readonly allowedKinds: readonly string[];
  readonly signals: readonly RiskSignal[];
  readonly isBlocked: boolean;
  readonly promptReasons: readonly PromptReason[];
  /** A remembered browser stood in for the second factor. */
  readonly isSpared: boolean;
  /** Until then the user passes without a factor. Null: no grace, or not needed. */
  readonly enrollmentDueAt: Date | null;
  /** Without a factor, and unused for so long, or reset by the help desk, that the password alone may not enroll one. */
  readonly isDormant: boolean;
  /** For how many days this browser may be remembered after a second factor. Null: not at all. */
  readonly rememberDeviceDays: number | null;
  readonly findings: readonly Finding[];
}

/** What the policy says to these facts. Where it could not be read (null), nobody passes without a second factor. */
export function decide(policy: PolicyValues | null, facts: PolicyFacts): Decision {
  const values = policy ?? { ...DEFAULT_POLICY, rememberDeviceDays: 0 };
  const findings = policy ? findingsOf(policy, facts) : [unreadable(values)];
  const hasFactor = facts.factorKinds.length > 0;
  const isInGrace = !hasFactor && facts.enrollmentDueAt !== null && facts.enrollmentDueAt > facts.at;
  const isRemembered =
    values.rememberDeviceDays > 0 &&
    facts.deviceRememberedUntil !== null &&
    facts.deviceRememberedUntil > facts.at;

  const due = findings.filter(({ effect }) => applies(effect, hasFactor, isInGrace));
  const asked = due.filter((one) => !(isRemembered && hasFactor && maySpare(one)));
  const requiredAssurance = strongest('AAL1', ...asked.map(({ level }) => level));
  const isBlocked = findings.some(({ effect }) => effect === 'BLOCK');
  const isInReminder = isInGrace && findings.some(({ effect }) => effect === 'ENFORCE');
  return {
    requirement: values.requirement,
    requiredAssurance,
    allowedKinds: allowedBy(values, findings),
    signals: findings.flatMap(({ signal }) => signal ?? []),
    isBlocked,
    promptReasons: [...new Set(asked.map(({ promptReason }) => promptReason))],
    isSpared: asked.length < due.length && requiredAssurance === 'AAL1',
    enrollmentDueAt: isInReminder && requiredAssurance === 'AAL1' ? facts.enrollmentDueAt : null,
    isDormant: !hasFactor && (facts.isEnrollmentClosed || (!isInGrace && isUnused(facts))),
    rememberDeviceDays: mayRemember(values, facts, requiredAssurance) ? values.rememberDeviceDays : null,
    findings,
  };
}

/** A browser can stand in for a second factor, never for a phishing-resistant one. */
const maySpare = ({ isSparedByDevice, level }: Finding): boolean =>
  isSparedByDevice && !reaches(level, 'AAL2_PHR');

const isUnused = ({ at, lastActiveAt }: PolicyFacts): boolean =>
  at.getTime() - lastActiveAt.getTime() >= days(DORMANT_DAYS);

function findingsOf(policy: PolicyValues, facts: PolicyFacts): Finding[] {
  const findings: Finding[] = [];
  const found: RiskSignal[] = [];
  for (const rule of RULES) {
    for (const one of [rule.evaluate(policy, facts, found) ?? []].flat()) {
      findings.push(isExcluded(policy, facts) ? softened(one) : one);
      if (one.signal && one.effect !== 'NOTE') found.push(one.signal);
    }
  }
  return findings;
}

/** A service account that is left out is never made to enroll; what it has enrolled is asked for. */
const softened = (one: Finding): Finding =>
  one.effect === 'ENFORCE' || (one.effect === 'REQUIRE' && one.signal !== null)
    ? { ...one, effect: 'ASK' }
    : one;

function applies(effect: Finding['effect'], hasFactor: boolean, isInGrace: boolean): boolean {
  if (effect === 'ASK') return hasFactor;
  if (effect === 'ENFORCE') return hasFactor || !isInGrace;
  return effect === 'REQUIRE';
}

const allowedBy = (policy: PolicyValues, findings: readonly Finding[]): string[] =>
  findings
    .filter(({ allowedKinds, effect }) => allowedKinds !== null && effect !== 'NOTE')
    .reduce(
      (kinds, { allowedKinds }) => kinds.filter((kind) => allowedKinds?.includes(kind)),
      kindsAllowedBy(policy),
    );

const mayRemember = (policy: PolicyValues, facts: PolicyFacts, required: AssuranceLevel): boolean =>
  policy.rememberDeviceDays > 0 && facts.purpose === 'SIGN_IN' && !reaches(required, 'AAL2_PHR');

const unreadable = (values: PolicyValues): Finding =>
  finding(values, {
    rule: 'unreadable-policy',
    effect: 'REQUIRE',
    explanation: 'The policy or the facts could not be read, so a second factor is required.',
  });
