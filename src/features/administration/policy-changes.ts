import { Refusal, type Fault } from '../../kernel';
import {
  DEFAULT_POLICY,
  policyValues,
  type PolicyValues,
  type RiskResponse,
  type RiskSignal,
} from '../policy';

/** What is to be changed; what is left out or null stays as it is, a list replaces the whole list. */
export type PolicyChanges = {
  readonly [Name in keyof Omit<PolicyValues, 'riskResponses'>]?: PolicyValues[Name] | null;
} & { readonly riskResponses?: readonly RiskRule[] | null };

/** What a risk signal leads to. */
export interface RiskRule {
  readonly signal: RiskSignal;
  readonly response: RiskResponse;
}

/** The policy as it would be. Refuses with INVALID_INPUT, naming every fault with its path into the input. */
export function changedPolicy(policy: PolicyValues, changes: PolicyChanges): PolicyValues {
  const { riskResponses, ...others } = changes;
  const merged = {
    ...Object.fromEntries(
      NAMES.map((name) => [name, (others as Partial<Record<string, unknown>>)[name] ?? policy[name]]),
    ),
    riskResponses: {
      ...policy.riskResponses,
      ...Object.fromEntries((riskResponses ?? []).map(({ signal, response }) => [signal, response])),
    },
  };
  const parsed = policyValues.safeParse(merged);
  const faults = repeatedSignals(riskResponses ?? []);
  if (parsed.success && faults.length === 0) return parsed.data;
  const issues = parsed.error?.issues ?? [];
  throw Refusal.ofFaults([...faults, ...issues.map(({ message, path }) => fault(message, path.map(String)))]);
}

/** The values alone, without version and author. */
const NAMES = Object.keys(DEFAULT_POLICY) as (keyof PolicyValues)[];

const repeatedSignals = (rules: readonly RiskRule[]): Fault[] =>
  rules.flatMap(({ signal }, index) =>
    rules.findIndex((rule) => rule.signal === signal) < index
      ? [fault(`${signal} is there twice`, ['riskResponses', String(index)])]
      : [],
  );

const fault = (message: string, path: readonly string[]): Fault => ({
  code: 'INVALID_INPUT',
  message,
  path: ['input', ...path],
});
