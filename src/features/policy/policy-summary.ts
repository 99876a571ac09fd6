import { acrOf } from '../../kernel';
import { isForRolesAlone } from './enforced';
import { RiskSignal, kindsAllowedBy, type PolicyRule, type PolicyValues, type RiskResponse } from './policy';

/** What a policy demands, in sentences, for who is about to put it into force. */
export function policySummary(policy: PolicyValues): string[] {
  return [
    `${ASKED[policy.requirement]} ${graceOf(policy)}`,
    policy.excludesServiceAccounts
      ? 'Service accounts are left out.'
      : 'Service accounts are treated like people.',
    `Level ${acrOf(policy.minimumAssurance)}; kinds: ${words(kindsAllowedBy(policy))}.`,
    ...Object.entries(RESPONSES).flatMap(([response, meaning]) => {
      const signals = Object.values(RiskSignal).filter((signal) => policy.riskResponses[signal] === response);
      return signals.length > 0 ? [`${meaning}: ${words(signals)}.`] : [];
    }),
    policy.rememberDeviceDays > 0
      ? `Browsers may be remembered for ${count(policy.rememberDeviceDays, 'day')}.`
      : 'Browsers cannot be remembered.',
    policy.adminRecovery === 'OFF'
      ? 'The help desk cannot let anybody back in.'
      : `Recovery needs ${count(policy.recoveryApprovals, 'approval')}, waits ${count(policy.recoveryWaitingHours, 'hour')}, then may be used for ${count(policy.recoveryTimeoutHours, 'hour')}.`,
    ...policy.actions.map(
      ({ name, minimumAssurance, maxAgeSeconds, isSingleUse }) =>
        `Action ${name}: ${acrOf(minimumAssurance)}, ${isSingleUse ? 'each time anew' : `at most ${count(maxAgeSeconds, 'second')} ago`}.`,
    ),
    ...policy.rules.map(ruleLine),
  ];
}

const ASKED: Record<PolicyValues['requirement'], string> = {
  ALWAYS: 'Everybody must have a second factor and is asked for it.',
  WHEN_RISKY: 'Whoever has a second factor is asked for it when the sign-in is unusual.',
  OPTIONAL: 'Whoever has a second factor is asked for it.',
};

const RESPONSES: Record<Exclude<RiskResponse, 'IGNORE'>, string> = {
  PROMPT_MFA: 'Asked even in a remembered browser',
  REQUIRE_MFA: 'Refused without a second factor, also within the grace period',
  BLOCK: 'Refused in any case',
};

const graceOf = ({ requirement, enrollmentGraceDays, rules }: PolicyValues): string => {
  if (requirement !== 'ALWAYS' && !rules.some(isForRolesAlone)) return 'Nobody is made to enroll.';
  return enrollmentGraceDays > 0
    ? `Whoever is made to enroll has ${count(enrollmentGraceDays, 'day')} for it.`
    : 'Whoever is made to enroll does so at the next sign-in.';
};

function ruleLine(rule: PolicyRule): string {
  const conditions = [
    ['role', rule.roles],
    ['application', rule.clientIds],
    ['network', rule.networks],
    ['signal', rule.signals],
  ] as const;
  const when = conditions.flatMap(([name, values]) =>
    values?.length
      ? [
          `${name} ${(name === 'application' ? values : values.map((value) => value.toLowerCase())).join(' or ')}`,
        ]
      : [],
  );
  const what = rule.isBlocking
    ? 'nobody passes'
    : `${rule.requirement.toLowerCase()}, ${acrOf(rule.minimumAssurance)}${rule.allowedKinds ? `, only ${words(rule.allowedKinds)}` : ''}`;
  return `Rule "${rule.name}", for ${when.length > 0 ? when.join(' and ') : 'every sign-in'}: ${what}.`;
}

const words = (names: readonly string[]): string => names.map((name) => name.toLowerCase()).join(', ');

const count = (number: number, unit: string): string => `${String(number)} ${unit}${number === 1 ? '' : 's'}`;
