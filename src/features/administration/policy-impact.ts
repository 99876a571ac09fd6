import { decide, isExcluded, type PolicyFacts, type PolicyValues } from '../policy';
import type { CountedGroup, UserGroup } from './policy-impact.store';
import { isAsked, isLockedOut, standingOf, underPolicy, type KindsAtWork } from './policy-standing';

/** Whom a change of the policy would hit. */
export interface Impact {
  readonly affectedCount: number;
  readonly lockedOutCount: number;
  readonly inGraceCount: number;
  readonly excludedCount: number;
  readonly lockedOutGroups: readonly UserGroup[];
}

/**
 * Decides once per group, under the policy as it is and as it would be, on a plain sign-in: nothing unusual about it, no
 * address known, nothing asked for.
 */
export function impactOf(
  groups: readonly CountedGroup[],
  policies: { readonly before: PolicyValues; readonly after: PolicyValues },
  clientId: string,
  atWork: KindsAtWork,
): Impact {
  const judged = groups.map((group) => {
    const facts = plainFacts(group, clientId);
    const before = standingOf(decide(policies.before, facts), group.factorKinds, atWork);
    const changed = decide(policies.after, underPolicy(policies.after, facts));
    const after = standingOf(changed, group.factorKinds, atWork);
    return {
      group,
      isAffected: isAsked(after) && !isAsked(before),
      isLockedOut: isLockedOut(after) && !isLockedOut(before),
      isInGrace: after === 'IN_GRACE',
      isExcluded: isExcluded(policies.after, group),
    };
  });
  const countOf = (name: 'isAffected' | 'isLockedOut' | 'isInGrace' | 'isExcluded'): number =>
    judged.reduce((sum, one) => sum + (one[name] ? one.group.count : 0), 0);
  return {
    affectedCount: countOf('isAffected'),
    lockedOutCount: countOf('isLockedOut'),
    inGraceCount: countOf('isInGrace'),
    excludedCount: countOf('isExcluded'),
    lockedOutGroups: judged.filter((one) => one.isLockedOut).map(({ group }) => bare(group)),
  };
}

const bare = ({ accountType, roles, factorKinds, deadline }: UserGroup): UserGroup => ({
  accountType,
  roles,
  factorKinds,
  deadline,
});

/** Any time in the future serves for a deadline that is to come. */
const SOON = 86_400_000;

function plainFacts({ at, deadline, ...group }: CountedGroup, clientId: string): PolicyFacts {
  const dueAt = { NONE: null, PAST: at, FUTURE: new Date(at.getTime() + SOON) }[deadline];
  return {
    purpose: 'SIGN_IN',
    at,
    accountType: group.accountType,
    roles: group.roles,
    factorKinds: group.factorKinds,
    enrollmentDueAt: dueAt,
    isEnrollmentClosed: false,
    lastActiveAt: at,
    clientId,
    ipAddress: null,
    isDeviceKnown: null,
    deviceRememberedUntil: null,
    place: null,
    isPlaceKnown: null,
    lastPlace: null,
    requestedAssurance: null,
    action: null,
  };
}
