import { Refusal, newId, type Chance, type ClientContext, type Clock } from '../../kernel';
import type { Database, Keyring, UnitOfWork } from '../../platform';
import { paged, type Page, type Paged } from '../administration';
import { isAddressProven, ownerOf, type FlowNow, type Flows } from '../auth-flow';
import type { AuditRecorder } from '../events';
import type { Factors } from '../factors';
import type { Limits, WindowRule } from '../limits';
import type { Policies } from '../policy';
import type { Users } from '../users';
import { requestOfToken } from './cancel-token';
import { isLive, type RecoveryDecision, type RecoveryNow, type RecoveryStatus } from './recovery';
import type { RecoveryCodes } from './recovery-codes.service';
import type { RecoveryNotices } from './recovery-notices.service';
import * as store from './recovery.store';

/** New requests of one user: each sends a message. */
const REQUESTS: WindowRule = { name: 'recovery', count: 3, perSeconds: 86_400 };
export const TOTAL_MAX = 10_000;

export interface RecoveryRequestDeps {
  readonly database: Database;
  readonly flows: Flows;
  readonly users: Users;
  readonly factors: Factors;
  readonly policies: Policies;
  readonly limits: Limits;
  readonly recorder: AuditRecorder;
  readonly notices: RecoveryNotices;
  readonly codes: RecoveryCodes;
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly chance: Chance;
}

/** Who stops a recovery, and from where. */
interface Canceler {
  readonly actorId: string | null;
  readonly context: ClientContext;
}

/** What locked-out users do: ask for a way in, and stop it. Asking changes nothing for whoever can sign in. */
export class RecoveryRequests {
  constructor(private readonly deps: RecoveryRequestDeps) {}

  /**
   * Asks the help desk for a way in. A user has one request at a time: a second one is the first one, unchanged. Refuses with
   * INVALID_TOKEN, WRONG_STATUS, BLOCKED_BY_POLICY where nobody recovers accounts, or RATE_LIMITED.
   */
  async request(flowToken: string, message: string | null, context: ClientContext): Promise<RecoveryNow> {
    const { database, flows, users, policies } = this.deps;
    const flow = await flows.readLive(flowToken);
    if (!isOpenForHelp(flow)) throw new Refusal('WRONG_STATUS');
    const policy = await policies.find();
    const user = await users.find(ownerOf(flow));
    if (policy?.adminRecovery !== 'VERIFY_WITH_ID' || !user) throw new Refusal('BLOCKED_BY_POLICY');
    if (user.accountType === 'SERVICE' || user.emailVerifiedAt === null)
      throw new Refusal(
        'BLOCKED_BY_POLICY',
        {},
        'nobody whose identity can be checked, or no proven address',
      );
    return database.transaction(async (tx) => {
      const wanted = {
        id: newId('rec', this.deps.clock, this.deps.chance),
        userId: user.id,
        flowId: flow.id,
        message,
        context,
        requiredApprovals: policy.recoveryApprovals,
      };
      if (await store.addRequest(tx, wanted)) return this.added(tx, wanted, context);
      const live = await store.liveRequest(tx, user.id);
      if (!live) throw new Refusal('CONFLICT', {}, 'the live request ended at this moment');
      await this.deps.codes.renewSpent(tx, live);
      return live;
    });
  }

  /** By the link of a notice. Refuses with INVALID_TOKEN; what is over already stays as it is. */
  async cancelByToken(token: string, context: ClientContext): Promise<RecoveryNow> {
    const request = await this.byToken(token);
    if (!request) throw new Refusal('INVALID_TOKEN');
    return this.cancel(request, { actorId: null, context });
  }

  /** By the signed-in owner: the request named, or the one that is live. Refuses with NOT_FOUND. */
  async cancelByOwner(
    userId: string,
    requestId: string | undefined,
    context: ClientContext,
  ): Promise<RecoveryNow> {
    const { database } = this.deps;
    const request = await (requestId === undefined
      ? store.liveRequest(database, userId)
      : store.findRequest(database, requestId));
    if (request?.userId !== userId) throw new Refusal('NOT_FOUND', { path: ['input', 'requestId'] });
    return this.cancel(request, { actorId: userId, context });
  }

  /** The request of a link; undefined if the link was not made by us. */
  async byToken(token: string): Promise<RecoveryNow | undefined> {
    const id = requestOfToken(this.deps.keyring, token);
    return id === undefined ? undefined : store.findRequest(this.deps.database, id);
  }

  find(id: string): Promise<RecoveryNow | undefined> {
    return store.findRequest(this.deps.database, id);
  }

  /** Stops what runs for a user who has signed in fully, or has reported an act as not theirs; false if nothing runs. */
  async cancelOf(
    tx: UnitOfWork,
    userId: string,
    { reason, flowId = null, context = null }: CancelReason,
  ): Promise<boolean> {
    const canceled = await store.cancelRequestOf(tx, userId);
    if (!canceled) return false;
    await this.deps.factors.endTemporary(tx, userId);
    await this.deps.recorder.record(tx, {
      type: 'RECOVERY_CANCELED',
      outcome: 'SUCCESS',
      actorId: userId,
      userId,
      flowId,
      context,
      reason,
      details: { requestId: canceled.id },
    });
    return true;
  }

  /** Oldest first. Null: of every status. */
  async page(status: RecoveryStatus | null, page: Page): Promise<Paged<RecoveryNow>> {
    return paged(await store.listRequests(this.deps.database, status, page), page);
  }

  count(status: RecoveryStatus | null): Promise<number> {
    return store.countRequests(this.deps.database, status, TOTAL_MAX);
  }

  decisions(requestId: string): Promise<RecoveryDecision[]> {
    return store.decisionsOf(this.deps.database, [requestId]);
  }

  private async added(
    tx: UnitOfWork,
    { id, userId, flowId }: store.NewRequest,
    context: ClientContext,
  ): Promise<RecoveryNow> {
    await this.deps.limits.chargeUse(REQUESTS, userId, tx);
    const request = await store.findRequest(tx, id);
    if (!request) throw new Error(`recovery request ${id} is gone`);
    await this.deps.recorder.record(tx, {
      type: 'RECOVERY_REQUESTED',
      outcome: 'SUCCESS',
      actorId: userId,
      userId,
      flowId,
      context,
      details: { requestId: id },
    });
    await this.deps.notices.tell(tx, request, 'requested');
    return request;
  }

  private async cancel(request: RecoveryNow, { actorId, context }: Canceler): Promise<RecoveryNow> {
    const { database, factors, recorder } = this.deps;
    if (!isLive(request)) return request;
    const { id, userId } = request;
    return database.transaction(async (tx) => {
      if (await store.endRequest(tx, id, 'CANCELED')) {
        await factors.endTemporary(tx, userId);
        await recorder.record(tx, {
          type: 'RECOVERY_CANCELED',
          outcome: 'SUCCESS',
          actorId,
          userId,
          flowId: request.flowId,
          context,
          reason: actorId === null ? 'by the link' : 'by the owner',
          details: { requestId: id },
        });
      }
      return (await store.findRequest(tx, id)) ?? request;
    });
  }
}

export interface CancelReason {
  readonly reason: string;
  readonly flowId?: string | null;
  readonly context?: ClientContext | null;
}

/** Its first factor is proven and its second one is open. */
const isOpenForHelp = (flow: FlowNow): boolean =>
  (flow.purpose === 'SIGN_IN' || flow.purpose === 'PASSWORD_RESET') &&
  (flow.status === 'CHALLENGE_REQUIRED' || flow.status === 'CHALLENGE_PENDING') &&
  isAddressProven(flow);
