import { AuditOutcome, type AuditEventType } from '../events';
import { Conditions } from './conditions';
import { idAround, type Source } from './list-queries';

/** All conditions given must hold. */
export interface AuditEventFilter {
  readonly userId?: string | null;
  readonly types?: readonly AuditEventType[] | null;
  readonly outcome?: AuditOutcome | null;
  /** From then on. */
  readonly since?: Date | null;
  /** Before then. */
  readonly until?: Date | null;
  readonly ipAddress?: string | null;
  readonly flowId?: string | null;
}

export function auditEventsBy(filter: AuditEventFilter, after: string | null): Source {
  const { userId, types, outcome, since, until, ipAddress, flowId } = filter;
  const conditions = new Conditions();
  if (after !== null) conditions.add('t.id < $?', after);
  // Ids lead to the part of an index; the time itself decides.
  if (since != null)
    conditions.add('t.id >= $?', idAround('evt', since, 'below')).add('t.occurred_at >= $?', since);
  if (until != null)
    conditions.add('t.id <= $?', idAround('evt', until, 'above')).add('t.occurred_at < $?', until);
  if (userId != null) conditions.add('t.user_id = $?', userId);
  if (flowId != null) conditions.add('t.flow_id = $?', flowId);
  if (ipAddress != null) conditions.add(`t.context ->> 'ipAddress' = $?`, ipAddress);
  const isFound = userId != null || flowId != null || ipAddress != null;
  if (types != null && !isFound) return { table: 'audit_event', ...branchesOf(conditions, types, outcome) };
  if (types != null) conditions.add('t.type = ANY ($?)', types);
  // Written into the statement, so that the index of failures is seen to fit.
  if (outcome != null) conditions.add(`t.outcome = '${outcome}'`);
  return { table: 'audit_event', conditions };
}

/** One part of the index per type and outcome: the rare ones are found as fast as the frequent ones. */
function branchesOf(
  conditions: Conditions,
  types: readonly AuditEventType[],
  outcome: AuditOutcome | null | undefined,
): Pick<Source, 'conditions' | 'branches'> {
  conditions.add('t.type = branch.type AND t.outcome = branch.outcome');
  const [typesAt, outcomesAt] = [
    conditions.bind([...new Set(types)]),
    conditions.bind(outcome == null ? Object.keys(AuditOutcome) : [outcome]),
  ];
  const branches = `(SELECT type, outcome FROM unnest(${typesAt}::text[]) AS type, unnest(${outcomesAt}::text[]) AS outcome) AS branch`;
  return { conditions, branches };
}
