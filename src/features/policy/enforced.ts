import { hasRole, type Role } from '../../kernel';
import type { PolicyFacts } from './facts';
import type { PolicyRule, PolicyValues } from './policy';

/** An account that nobody signed in to for so long is not let enroll by its password alone. */
export const DORMANT_DAYS = 90;

/** A service account that the policy leaves out. */
export const isExcluded = (
  policy: Pick<PolicyValues, 'excludesServiceAccounts'>,
  { accountType }: Pick<PolicyFacts, 'accountType'>,
): boolean => policy.excludesServiceAccounts && accountType === 'SERVICE';

/** Whether the policy makes such a user enroll, wherever they sign in: then a deadline is set for them. */
export const isEnforcedFor = (
  policy: PolicyValues,
  user: Pick<PolicyFacts, 'accountType' | 'roles'>,
): boolean =>
  !isExcluded(policy, user) &&
  (policy.requirement === 'ALWAYS' ||
    policy.rules.some(
      (rule) =>
        isForRolesAlone(rule) &&
        (!rule.roles?.length || rule.roles.some((role) => hasRole(user.roles, role))),
    ));

/** A rule that makes people enroll by who they are alone, not by where they come from. */
export const isForRolesAlone = (rule: PolicyRule): boolean =>
  rule.requirement === 'ALWAYS' &&
  !rule.isBlocking &&
  [rule.clientIds, rule.networks, rule.signals].every((condition) => !condition?.length);

/** Everybody, or who holds one of the roles. */
export interface Enforced {
  readonly isEverybody: boolean;
  readonly roles: readonly Role[];
  readonly isWithoutServiceAccounts: boolean;
  readonly graceDays: number;
}

/** Roles include the ones above them: a rule for USER is for everybody. */
const WITH_HIGHER: Record<Role, readonly Role[]> = {
  USER: ['USER', 'HELP_DESK', 'ADMIN'],
  HELP_DESK: ['HELP_DESK', 'ADMIN'],
  ADMIN: ['ADMIN'],
};

/** Whom a policy makes enroll, as statements ask it. */
export function enforcedBy(policy: PolicyValues): Enforced {
  const rules = policy.rules.filter(isForRolesAlone);
  return {
    isEverybody: policy.requirement === 'ALWAYS' || rules.some((rule) => !rule.roles?.length),
    roles: [...new Set(rules.flatMap((rule) => (rule.roles ?? []).flatMap((role) => WITH_HIGHER[role])))],
    isWithoutServiceAccounts: policy.excludesServiceAccounts,
    graceDays: policy.enrollmentGraceDays,
  };
}
