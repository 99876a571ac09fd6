import { DEFAULT_POLICY, type Decided } from '../policy';
import type { FlowRow } from './flow';

/** What a flow keeps of the decision: it holds for the flow's life, whatever becomes of the policy. */
export const decidedColumns = ({
  decision,
  policy,
  version,
}: Decided): Pick<
  FlowRow,
  | 'requiredAssurance'
  | 'promptReasons'
  | 'policyVersion'
  | 'allowedKinds'
  | 'attemptsMax'
  | 'pushDigits'
  | 'enrollmentDueAt'
  | 'rememberDeviceDays'
> => ({
  requiredAssurance: decision.requiredAssurance,
  promptReasons: [...decision.promptReasons],
  policyVersion: version,
  allowedKinds: [...decision.allowedKinds],
  attemptsMax: (policy ?? DEFAULT_POLICY).maximumAttempts,
  pushDigits: (policy ?? DEFAULT_POLICY).pushDigits,
  enrollmentDueAt: decision.enrollmentDueAt,
  rememberDeviceDays: decision.rememberDeviceDays,
});
