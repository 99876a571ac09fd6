import { after, days } from '../../kernel';
import { usefulKinds } from '../auth-flow';
import { isEnforcedFor, type Decision, type Effect, type PolicyFacts, type PolicyValues } from '../policy';

/** What a decision comes to for a user with such factors. */
export type Standing =
  'FREE' | 'IN_GRACE' | 'SPARED' | 'ASKED' | 'MUST_ENROLL' | 'DORMANT' | 'UNUSABLE_FACTORS' | 'BLOCKED';

/** The kinds that the settings have switched on, and those among them that users add by themselves. */
export interface KindsAtWork {
  readonly enabledKinds: readonly string[];
  readonly enrollableKinds: readonly string[];
}

export function standingOf(decision: Decision, held: readonly string[], atWork: KindsAtWork): Standing {
  if (decision.isBlocked) return 'BLOCKED';
  if (decision.requiredAssurance === 'AAL1') {
    if (decision.enrollmentDueAt) return 'IN_GRACE';
    return decision.isSpared ? 'SPARED' : 'FREE';
  }
  const { requiredAssurance, allowedKinds } = decision;
  const useful = (kinds: readonly string[]) =>
    usefulKinds({ proofs: [], requiredAssurance, allowedKinds }, kinds);
  if (useful(held.filter((kind) => atWork.enabledKinds.includes(kind))).length > 0) return 'ASKED';
  if (held.length > 0 || useful(atWork.enrollableKinds).length === 0) return 'UNUSABLE_FACTORS';
  return decision.isDormant ? 'DORMANT' : 'MUST_ENROLL';
}

/** Who stands so gets in only by enrolling, or not at all. */
export const isLockedOut = (standing: Standing): boolean =>
  ['MUST_ENROLL', 'DORMANT', 'UNUSABLE_FACTORS', 'BLOCKED'].includes(standing);

/** Who stands so needs a second factor to get in. */
export const isAsked = (standing: Standing): boolean =>
  ['ASKED', 'MUST_ENROLL', 'DORMANT', 'UNUSABLE_FACTORS'].includes(standing);

/** Who stands so passes without one; a remembered browser is another matter. */
export const isFree = (standing: Standing): boolean => ['FREE', 'IN_GRACE'].includes(standing);

/** The facts as they would be had the policy just come into force: whom it newly makes enroll gets the time to do so. */
export const underPolicy = (policy: PolicyValues, facts: PolicyFacts): PolicyFacts =>
  facts.enrollmentDueAt === null && isEnforcedFor(policy, facts)
    ? { ...facts, enrollmentDueAt: after(facts.at, days(policy.enrollmentGraceDays)) }
    : facts;

const EFFECTS: Record<Effect, string> = {
  NOTE: 'Changes nothing.',
  ASK: 'Whoever has a factor is asked for it.',
  ENFORCE: 'A factor is needed, once the time to enroll is over.',
  REQUIRE: 'A factor is needed at once.',
  BLOCK: 'Nobody passes.',
};

/** Each finding with what it leads to, then what comes of them all. */
export const explained = (decision: Decision, standing: Standing): string[] => [
  ...decision.findings.map(({ explanation, effect }) => `${explanation} ${EFFECTS[effect]}`),
  result(decision, standing),
];

function result({ requiredAssurance, enrollmentDueAt }: Decision, standing: Standing): string {
  switch (standing) {
    case 'FREE':
      return 'May sign in without a second factor.';
    case 'IN_GRACE':
      return `May sign in without a factor until ${enrollmentDueAt?.toISOString() ?? ''}.`;
    case 'SPARED':
      return 'The remembered browser stands in for the second factor.';
    case 'ASKED':
      return `Is asked for a second factor (${requiredAssurance}).`;
    case 'MUST_ENROLL':
      return 'Must enroll a factor before anything else.';
    case 'DORMANT':
      return 'Must enroll a factor, but was away for so long that the password alone does not suffice for that.';
    case 'UNUSABLE_FACTORS':
      return `Cannot sign in: no factor that may be used reaches ${requiredAssurance}.`;
    case 'BLOCKED':
      return 'Blocked.';
  }
}
