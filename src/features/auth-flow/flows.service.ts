import {
  Refusal,
  newId,
  type AssuranceLevel,
  type AuthFlowReason,
  type Chance,
  type Clock,
  type Proven,
} from '../../kernel';
import {
  newToken,
  sha256,
  type Database,
  type Keyring,
  type Sql,
  type UnitOfWork,
  type Watcher,
} from '../../platform';
import type { ChallengeEvent, Conclude, FlowPort, Raise } from '../challenges';
import { kindModule } from '../factors';
import { ADDRESS_PROOF, needsNothingMore, type FlowNow, type FlowRow } from './flow';
import type { MovedFlow } from './auth-flow.store';
import * as store from './auth-flow.store';
import type { FlowEnding } from './flow-ending.service';
import { placeOfSubject, type FlowSubject } from './flow-subject';
import type { FlowHolder, Opened } from './session-opener.service';
import { isFinal, nextStatus, type AuthFlowStatus, type FlowEventName } from './transitions';

/** What can move a flow: what its challenges tell, and what its holder or an enrollment does. */
export type FlowEvent =
  | ChallengeEvent
  | { readonly type: 'factorEnrolled'; readonly proof: Proven }
  | { readonly type: 'passwordSet' }
  | { readonly type: 'collected' }
  | { readonly type: 'canceled' };

/** A flow as the event leaves it. */
type After = Pick<FlowRow, 'purpose' | 'userId' | 'requiredAssurance'> & {
  readonly proofs: readonly Proven[];
};

interface MoveOptions {
  /** The mover holds the flow token, so that a last proof completes the flow at once. */
  readonly byHolder: boolean;
  readonly completedBy?: Buffer;
}

/** A flow that was completed just now, and the session that it opened. */
export interface CompletedFlow {
  readonly flow: FlowNow;
  /** None where the flow ends without a session. */
  readonly opened: Opened | undefined;
}

/** The state machine on its rows: every move is one compare-and-set, made by the table in `transitions.ts`. */
export class Flows implements FlowPort {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly chance: Chance,
    private readonly watcher: Watcher,
    private readonly ending: FlowEnding,
    private readonly keyring: Keyring,
  ) {}

  /** The flow of a token, as it stands now; undefined if there is none or it ended more than ten minutes ago. */
  read(flowToken: string): Promise<FlowNow | undefined> {
    return store.flowByToken(this.database, sha256(flowToken));
  }

  readById(id: string): Promise<FlowNow | undefined> {
    return store.flowById(this.database, id);
  }

  /** The live flow of a token; INVALID_TOKEN if it is unknown or over. */
  async readLive(flowToken: string): Promise<FlowNow> {
    const flow = await this.read(flowToken);
    if (!flow || isFinal(flow.status)) throw new Refusal('INVALID_TOKEN');
    return flow;
  }

  /** Begins a flow; one that needs nothing more opens its session in the same transaction. */
  async begin(
    tx: UnitOfWork,
    wanted: Omit<store.NewFlow, 'id' | 'sealedSubject'>,
    subject?: FlowSubject,
  ): Promise<{ id: string; flowToken: string; opened: Opened | undefined }> {
    const flowToken = newToken(this.chance);
    const id = newId('flw', this.clock, this.chance);
    const sealedSubject = subject ? this.keyring.seal(placeOfSubject(id), JSON.stringify(subject)) : null;
    const flow = await store.addFlow(tx, { ...wanted, id, sealedSubject }, sha256(flowToken));
    const holder = { flowToken, rememberDevice: false };
    const opened = flow.status === 'COMPLETED' ? await this.ending.end(tx, flow, holder) : undefined;
    return { id, flowToken, opened };
  }

  /** For the holder of the flow token: the last proof completes the flow, and `keep` gets it with its session. */
  raiseAsHolder(
    flow: FlowNow,
    holder: FlowHolder,
    completedBy: Buffer,
    keep: (completed: CompletedFlow) => void,
  ): Raise {
    return async (tx, event) => {
      const moved = await this.move(tx, flow, event, { byHolder: true, completedBy });
      if (moved.purpose === 'SIGN_UP' && moved.status === 'ENROLLMENT_REQUIRED')
        return async (later, entry) => void (await this.ending.makeUser(later, moved, [entry]));
      if (moved.status !== 'COMPLETED') return undefined;
      return async (later, entry) => {
        const opened = await this.ending.end(later, moved, holder, [entry]);
        keep({ flow: { ...flow, ...moved, challenge: null }, opened });
      };
    };
  }

  /** For everybody else: a phone, the outbox, the sweeper, an enrollment. A last proof makes the flow VERIFIED. */
  async raise(tx: UnitOfWork, flowId: string, event: FlowEvent): Promise<Conclude | undefined> {
    const flow = await store.lockedFlow(tx, flowId);
    if (!flow || flow.expiresAt <= flow.now) throw new Refusal('CHALLENGE_CLOSED', {}, 'the flow is over');
    const moved = await this.move(tx, flow, event, { byHolder: false });
    if (moved.purpose !== 'CALLER_CHECK' || moved.status !== 'COMPLETED') return undefined;
    return async (later, entry) => this.ending.callerChecked(later, moved, [entry]);
  }

  /** Ends a live flow that its user reported as not theirs; false if it is over already. */
  async report(tx: UnitOfWork, flowId: string): Promise<boolean> {
    const flow = await store.lockedFlow(tx, flowId);
    if (!flow || isFinal(flow.status) || flow.expiresAt <= flow.now) return false;
    await this.move(tx, flow, { type: 'reported' }, { byHolder: false });
    return true;
  }

  /** Ends every live flow of a user but one; gives their ids, in which nothing may stay open. */
  async cancelAll(tx: UnitOfWork, userId: string, exceptFlowId: string | null): Promise<string[]> {
    const ids = await store.cancelFlowsOf(tx, userId, exceptFlowId);
    tx.afterCommit(() => ids.forEach((id) => this.watcher.ring(id)));
    return ids;
  }

  async lock(tx: UnitOfWork, flowIds: readonly string[]): Promise<void> {
    await store.lockFlows(tx, flowIds);
  }

  /** Moves a flow, or refuses: INVALID_TOKEN if it is over, CHALLENGE_CLOSED or WRONG_STATUS if the move is illegal. */
  async move(tx: UnitOfWork, flow: FlowRow, event: FlowEvent, options: MoveOptions): Promise<MovedFlow> {
    const moved =
      (await this.tryMove(tx, flow, event, options)) ?? (await this.moveFresh(tx, flow.id, event, options));
    if (moved.status === 'LOCKED' || moved.status === 'CANCELED') await this.ending.abandoned(tx, moved);
    tx.afterCommit(() => this.watcher.ring(flow.id));
    return moved;
  }

  /** Records flows that time has ended; `close` ends what is open in them. */
  async sweep(
    close: (tx: UnitOfWork, flowId: string) => Promise<void>,
    abandoned: (tx: UnitOfWork, flow: FlowRow) => Promise<void>,
  ): Promise<number> {
    const late = await store.overdueFlows(this.database, 200);
    for (const { id } of late) {
      await this.database.transaction(async (tx) => {
        const expired = await store.markExpired(tx, id);
        if (!expired) return;
        await close(tx, id);
        await abandoned(tx, expired);
        tx.afterCommit(() => this.watcher.ring(id));
      });
    }
    return late.length + (await store.dropEnded(this.database));
  }

  private async moveFresh(
    tx: UnitOfWork,
    id: string,
    event: FlowEvent,
    options: MoveOptions,
  ): Promise<MovedFlow> {
    const fresh = await store.lockedFlow(tx, id);
    if (!fresh || fresh.expiresAt <= fresh.now || isFinal(fresh.status)) throw new Refusal('INVALID_TOKEN');
    const moved = await this.tryMove(tx, fresh, event, options);
    if (!moved) throw new Refusal('INVALID_TOKEN', {}, 'the flow ran out');
    return moved;
  }

  private async tryMove(
    tx: Sql,
    flow: FlowRow,
    event: FlowEvent,
    options: MoveOptions,
  ): Promise<MovedFlow | undefined> {
    const proofs = proofsAfter(flow, event);
    const requiredAssurance = await this.requiredAfter(tx, flow, event);
    const after = { ...flow, proofs, requiredAssurance };
    const name = eventName(event, after, options.byHolder, await this.isPasswordDue(tx, after, event));
    const status = nextStatus(flow.status, name);
    if (!status) throw illegal(flow.status, name);
    const completedBy = status === 'COMPLETED' ? (options.completedBy ?? null) : null;
    return store.moveFlow(tx, flow.id, flow.version, {
      status,
      reason: reasonOf(event),
      proofs,
      requiredAssurance,
      completedBy,
    });
  }

  /** A sign-in whose last proof is given ends in a new password where somebody else knew the present one. */
  private async isPasswordDue(tx: Sql, after: After, event: FlowEvent): Promise<boolean> {
    const { purpose, userId } = after;
    if (purpose === 'PASSWORD_RESET') return true;
    if (purpose !== 'SIGN_IN' || event.type !== 'proven' || userId === null) return false;
    return needsNothingMore(after) && store.isPasswordDue(tx, userId);
  }

  /** A reset never skips the second factor; whether there is one shows only once the address is proven. */
  private async requiredAfter(tx: Sql, flow: FlowRow, event: FlowEvent): Promise<AssuranceLevel> {
    const { purpose, userId, requiredAssurance } = flow;
    if (event.type !== 'addressProven' || purpose !== 'PASSWORD_RESET' || userId === null)
      return requiredAssurance;
    return (await store.hasOtherFactor(tx, userId, ADDRESS_PROOF.kind)) ? 'AAL2' : requiredAssurance;
  }
}

function proofsAfter(flow: FlowRow, event: FlowEvent): readonly Proven[] {
  // What stands in for lost factors is none: it must not reach the level of a session.
  if (isTemporary(event)) return flow.proofs;
  if ('proof' in event) return [...flow.proofs, event.proof];
  const isReset = event.type === 'addressProven' && flow.purpose === 'PASSWORD_RESET';
  return isReset ? [...flow.proofs, ADDRESS_PROOF] : flow.proofs;
}

function eventName(event: FlowEvent, after: After, byHolder: boolean, isPasswordDue: boolean): FlowEventName {
  if (event.type !== 'proven' && event.type !== 'addressProven') return event.type;
  if (isTemporary(event)) return 'enrollmentDue';
  if (!needsNothingMore(after)) return after.purpose === 'SIGN_UP' ? 'enrollmentDue' : 'provenPartly';
  if (isPasswordDue) return 'passwordDue';
  // A caller check gives no tokens: there is nothing for its holder to collect.
  return byHolder || after.purpose === 'CALLER_CHECK' ? 'provenByHolder' : 'provenElsewhere';
}

const isTemporary = (event: FlowEvent): boolean =>
  event.type === 'proven' && kindModule(event.proof.kind).traits.isTemporary === true;

function reasonOf(event: FlowEvent): AuthFlowReason | null {
  if (event.type === 'challengeEnded') return event.reason;
  if (event.type === 'reported') return 'USER_REPORTED';
  if (event.type === 'attemptsExhausted') return 'TOO_MANY_ATTEMPTS';
  return event.type === 'challengeProgressed' ? (event.reason ?? null) : null;
}

function illegal(status: AuthFlowStatus, event: FlowEventName): Refusal {
  const detail = `${event} in ${status}`;
  if (isFinal(status)) return new Refusal('INVALID_TOKEN', {}, detail);
  return new Refusal(
    event.startsWith('proven') || event.startsWith('challenge') ? 'CHALLENGE_CLOSED' : 'WRONG_STATUS',
    {},
    detail,
  );
}
