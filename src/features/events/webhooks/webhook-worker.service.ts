import { seconds, unixSeconds, type Chance, type Clock } from '../../../kernel';
import {
  repeat,
  type Database,
  type Keyring,
  type Log,
  type Repeating,
  type Sql,
  type UnitOfWork,
} from '../../../platform';
import type { AuditRecorder } from '../audit-recorder.service';
import { SWEEP_EVERY, bodyOf, retryDelay, signedHeaders, type WebhookEndpoint } from './webhook';
import {
  claimDeliveries,
  endpointsAtWork,
  postponeDelivery,
  settleDelivery,
  sweepDeliveries,
  type ClaimedDelivery,
} from './webhook-deliveries.store';
import { noteFault, noteTaken, setEndpointState } from './webhook-endpoints.store';
import { isTaken } from './webhook-lines';
import { openSecret, webhookChange } from './webhook-secrets';
import type { WebhookSender } from './webhook-sender.client';

const EVERY = seconds(2);
/** How many events one process has under way to one endpoint at a time. */
const AT_ONCE = 10;
const GONE = 410;

export interface WebhookWorkerDeps {
  readonly database: Database;
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  readonly recorder: AuditRecorder;
  readonly sender: WebhookSender;
  /** Tells administrators, in the transaction that parks. */
  readonly parked: (tx: Sql, endpoint: WebhookEndpoint, why: string) => Promise<void>;
}

/**
 * Sends events to endpoints, at least once, those of a user in their order. Any number of processes may do so: an event is
 * taken up by one at a time, and a process that dies costs one more copy after its lease. An endpoint that hangs holds up
 * nobody but itself.
 */
export class WebhookWorker {
  private readonly underWay = new Map<string, Promise<number>>();
  private repeating: Repeating | undefined;
  private sweeping: Repeating | undefined;
  private isAnyAtWork = true;
  private isStopping = false;

  constructor(private readonly deps: WebhookWorkerDeps) {}

  /** Events were written: they are sent after the commit, not only at the next look. */
  announce(sql: Sql): void {
    if (!this.isAnyAtWork || !this.repeating) return;
    if ('afterCommit' in sql) (sql as UnitOfWork).afterCommit(() => this.kick());
    else this.kick();
  }

  private kick(): void {
    void this.repeating?.now();
  }

  /** Looks every two seconds, and when this process has written events. */
  start(): void {
    if (this.repeating) return;
    const { log, database } = this.deps;
    this.repeating = repeat('webhooks', EVERY, () => this.begin(), log);
    this.sweeping = repeat('webhooks sweep', SWEEP_EVERY, () => sweepDeliveries(database), log);
  }

  /** Settles when what is under way has been sent and marked. */
  async stop(): Promise<void> {
    this.isStopping = true;
    await Promise.all([this.repeating?.stop(), this.sweeping?.stop()]);
    await Promise.all(this.underWay.values());
    this.repeating = this.sweeping = undefined;
    this.isStopping = false;
  }

  /** Sends all that is due now; says how many events were taken. */
  async deliverDue(): Promise<number> {
    const taken = await Promise.all(await this.begin());
    return taken.reduce((sum, count) => sum + count, 0);
  }

  /** Each endpoint is served by itself: no turn waits for one that is slow. */
  private async begin(): Promise<Promise<number>[]> {
    const atWork = await endpointsAtWork(this.deps.database);
    this.isAnyAtWork = atWork.length > 0;
    return atWork.filter(({ isDue }) => isDue).map(({ id }) => this.served(id));
  }

  private served(endpointId: string): Promise<number> {
    const running = this.underWay.get(endpointId);
    if (running) return running;
    const begun = this.serve(endpointId)
      .catch((error: unknown) => {
        this.deps.log.error({ endpointId, error: (error as Error).message }, 'a webhook could not be served');
        return 0;
      })
      .finally(() => this.underWay.delete(endpointId));
    this.underWay.set(endpointId, begun);
    return begun;
  }

  private async serve(endpointId: string): Promise<number> {
    let taken = 0;
    while (!this.isStopping) {
      const { claimed, laidAside } = await claimDeliveries(this.deps.database, endpointId, AT_ONCE);
      const ends = await Promise.allSettled(claimed.map((one) => this.deliver(one)));
      taken += ends.filter((end) => end.status === 'fulfilled' && end.value).length;
      const broken = ends.find((end) => end.status === 'rejected');
      if (broken) throw broken.reason;
      // Fewer than asked for may still have others behind them: those of the same users.
      if (claimed.length === 0 && laidAside === 0) break;
    }
    return taken;
  }

  /** Whether it was taken. Throws only if the database cannot be told; the lease then brings it back. */
  private async deliver(claimed: ClaimedDelivery): Promise<boolean> {
    const { database, sender, keyring, clock } = this.deps;
    const { event, endpointId } = claimed;
    if (!event) {
      await settleDelivery(database, claimed, 'FAILED');
      return false;
    }
    const body = bodyOf(event);
    const secrets = claimed.secrets.map((sealed) => openSecret(keyring, endpointId, sealed));
    const headers = signedHeaders(event.id, unixSeconds(clock.now()), body, secrets);
    const answer = await sender.post(claimed.url, headers, body);
    if (isTaken(answer)) {
      const isOurs = await settleDelivery(database, claimed, 'SENT');
      await noteTaken(database, endpointId);
      return isOurs;
    }
    const isGone = 'status' in answer && answer.status === GONE;
    await this.refused(
      claimed,
      'status' in answer ? `answered ${String(answer.status)}` : answer.fault,
      isGone,
    );
    return false;
  }

  private async refused(claimed: ClaimedDelivery, fault: string, isGone: boolean): Promise<void> {
    const { database, chance, log } = this.deps;
    const { endpointId } = claimed;
    log.debug({ endpointId, attempts: claimed.attempts, fault }, 'a webhook was not taken');
    if (isGone || (claimed.isLastTry && !claimed.isEndpointAlive)) return this.park(claimed, fault);
    if (claimed.isLastTry) {
      // Others are taken: it is this event that the receiver cannot bear.
      await settleDelivery(database, claimed, 'FAILED');
      log.warn({ endpointId, event: claimed.event?.id, fault }, 'an event was given up for a webhook');
      return;
    }
    await postponeDelivery(database, claimed, retryDelay(claimed.attempts, chance));
    await noteFault(database, endpointId, fault);
  }

  /** Nothing is sent any more until somebody resumes it; what it has still to hear waits. */
  private async park(claimed: ClaimedDelivery, fault: string): Promise<void> {
    const { database, recorder, parked, log } = this.deps;
    const { endpointId } = claimed;
    await database.transaction(async (tx) => {
      await postponeDelivery(tx, claimed, 0);
      const endpoint = await setEndpointState(tx, endpointId, ['ACTIVE'], 'PARKED', fault);
      if (!endpoint) return;
      await recorder.record(tx, webhookChange(endpoint, 'parked', 'FAILURE'));
      await parked(tx, endpoint, fault);
      log.warn({ endpointId, fault }, 'a webhook was parked: resume it when its receiver is well');
    });
  }
}
