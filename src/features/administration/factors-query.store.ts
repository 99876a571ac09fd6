import { factorKinds } from '../factors';
import { Conditions } from './conditions';
import { idAround, type Source } from './list-queries';

/** All conditions given must hold. */
export interface FactorFilter {
  readonly userId?: string | null;
  readonly kinds?: readonly string[] | null;
  readonly notUsedSince?: Date | null;
}

const KINDS = factorKinds.map(({ kind }) => kind);

/** Factors that were not removed. */
export function factorsBy({ userId, kinds, notUsedSince }: FactorFilter, after: string | null): Source {
  const conditions = new Conditions().add('t.revoked_at IS NULL');
  if (after !== null) conditions.add('t.id < $?', after);
  if (userId != null) conditions.add('t.user_id = $?', userId);
  if (notUsedSince != null) {
    // What was not used since then was not made since then either.
    conditions.add('t.id < $?', idAround('fct', notUsedSince, 'above'));
    const day = conditions.bind(notUsedSince.toISOString().slice(0, 10));
    conditions.add(`t.used_on <= ${day}::date`);
    // Only that day's own uses must be compared by the clock; said so, it does not mislead the planner.
    conditions.add(
      `NOT (t.used_on = ${day}::date AND COALESCE(t.last_used_at, t.created_at) >= $?)`,
      notUsedSince,
    );
  }
  if (userId != null && kinds != null) conditions.add('t.kind = ANY ($?)', kinds);
  if (userId != null || (kinds == null && notUsedSince == null)) return { table: 'factor', conditions };
  conditions.add('t.kind = branch.kind');
  const wanted = conditions.bind([...new Set(kinds ?? KINDS)]);
  return { table: 'factor', conditions, branches: `unnest(${wanted}::text[]) AS branch (kind)` };
}
