import type { Outbox } from '../../delivery';
import type { Chance, Clock } from '../../kernel';
import type { Database, Keyring, Metrics, UnitOfWork } from '../../platform';
import type { AuditRecorder } from '../events';
import type { AddressProver, FactorKindAtWork } from '../factors';
import type { Limits } from '../limits';
import type { FlowPort } from './flow-port';

type Kinds = ReadonlyMap<string, FactorKindAtWork<never>>;

/** What asking and answering work with. */
export interface EngineDeps {
  readonly database: Database;
  readonly kinds: ReadonlyMap<string, FactorKindAtWork<never>>;
  readonly limits: Limits;
  readonly recorder: AuditRecorder;
  readonly outbox: Outbox;
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly metrics: Metrics;
  readonly flows: FlowPort;
  /** A phone said "not me" of a request, whose flow is ended in this transaction; gives what is recorded of the rest. */
  reported(tx: UnitOfWork, reported: { userId: string; flowId: string }): Promise<object>;
  /** Tells the factor's device that what waits for it changed. */
  ringDevice(factorId: string): void;
}

export function kindAtWork(kinds: Kinds, kind: string): FactorKindAtWork<never> {
  const atWork = kinds.get(kind);
  if (!atWork) throw new Error(`the kind ${kind} is not at work`);
  return atWork;
}

/** The one kind that proves addresses. */
export function addressProverOf(kinds: Kinds): readonly [kind: string, prover: AddressProver<never>] {
  for (const [kind, { addresses }] of kinds) if (addresses) return [kind, addresses];
  throw new Error('no kind proves addresses');
}
