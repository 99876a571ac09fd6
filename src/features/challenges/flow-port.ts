import type { AuthFlowReason, Proven } from '../../kernel';
import type { UnitOfWork } from '../../platform';
import type { AuditEntry } from '../events';

/** What a challenge tells its flow. */
export type ChallengeEvent =
  | { readonly type: 'challengeStarted' }
  /** Its delivery came further, or failed. */
  | { readonly type: 'challengeProgressed'; readonly reason?: 'DELIVERY_FAILED' }
  | { readonly type: 'challengeEnded'; readonly reason: AuthFlowReason }
  | { readonly type: 'proven'; readonly proof: Proven }
  /** The address that the flow is about was proven. */
  | { readonly type: 'addressProven' }
  | { readonly type: 'reported' }
  | { readonly type: 'attemptsExhausted' };

/**
 * Moves the flow by the event, in the caller's transaction, and locks it. Gives what is still to be done at the end of
 * that transaction, once challenge and factor are settled: opening the session. Throws Refusal if the flow is over.
 */
export type Raise = (tx: UnitOfWork, event: ChallengeEvent) => Promise<Conclude | undefined>;
/** Records the given entry together with its own. */
export type Conclude = (tx: UnitOfWork, entry: AuditEntry) => Promise<void>;

/** The way up from challenges to flows; `auth-flow` implements it, `app.ts` wires it. */
export interface FlowPort {
  /** Takes the row locks of several flows, always in the same order. */
  lock(tx: UnitOfWork, flowIds: readonly string[]): Promise<void>;
  /** For events that do not come from the holder of the flow token. */
  raise(tx: UnitOfWork, flowId: string, event: ChallengeEvent): Promise<Conclude | undefined>;
}
