import { Refusal, newId, type DeliveryStatus } from '../../kernel';
import type { UnitOfWork } from '../../platform';
import {
  kindModule,
  type AddressRequest,
  type ChallengeRequest,
  type FactorFacts,
  type Issued,
} from '../factors';
import { isOpen, placeOfKept, type ChallengeRow, type ChallengeStatus } from './challenge';
import * as store from './challenges.store';
import { addressProverOf, kindAtWork, type EngineDeps } from './engine';
import type { Raise } from './flow-port';

/** Wrong answers that a flow allows while it proves an address. */
const ADDRESS_ATTEMPTS_MAX = 5;
/** So long a pending push cannot be replaced from another flow: a stranger with the password cannot ring at will. */
const REPLACE_AFTER_SECONDS = 20;

/** A flow as far as a challenge needs to know it. */
export interface FlowRef {
  readonly id: string;
  readonly userId: string;
  /** Wrong answers that it allows. */
  readonly attemptsMax: number;
}

type ChallengeNames = Pick<ChallengeRow, 'id' | 'flowId' | 'userId' | 'factorId' | 'kind'>;
/** Asks: starts challenges, ends them, and tells how far they are. What is answered is in `answers.service.ts`. */
export class Challenges {
  constructor(private readonly deps: EngineDeps) {}

  /**
   * Asks the question of a factor in a flow; what was open there before ends. Refuses with RATE_LIMITED or, while a
   * push of another flow is fresh, TOO_SOON.
   */
  async start(
    flow: FlowRef,
    factor: FactorFacts,
    request: Omit<ChallengeRequest, 'challengeId' | 'flowId'>,
    raise: Raise,
  ): Promise<void> {
    const { database, limits, clock, chance, recorder } = this.deps;
    const { traits } = kindModule(factor.kind);
    if (traits.answeredBy === 'device') {
      const retryAt = await store.pausedUntil(database, flow.userId, factor.kind);
      if (retryAt) throw new Refusal('RATE_LIMITED', { retryAt }, 'paused after refusals');
      await this.refuseIfFresh(flow, factor.kind);
    }
    for (const [index, limit] of traits.startLimits.entries()) {
      await limits.chargeUse({ name: `start-${factor.kind}-${String(index)}`, ...limit }, flow.userId);
    }
    const id = newId('chl', clock, chance);
    const issued = await kindAtWork(this.deps.kinds, factor.kind).driver.issue(factor, {
      ...request,
      challengeId: id,
      flowId: flow.id,
    });
    await database.transaction(async (tx) => {
      if (traits.answeredBy === 'device') await this.replaceElsewhere(tx, flow, factor.kind);
      await raise(tx, { type: 'challengeStarted' });
      await this.close(tx, flow.id, 'CANCELED');
      await this.add(
        tx,
        { id, flowId: flow.id, userId: flow.userId, factorId: factor.id, kind: factor.kind },
        issued,
        flow.attemptsMax,
      );
      await recorder.record(tx, {
        type: 'CHALLENGE_SENT',
        outcome: 'SUCCESS',
        userId: flow.userId,
        factorKind: factor.kind,
        factorId: factor.id,
        flowId: flow.id,
        context: request.context,
      });
    });
    this.deps.metrics.challenges.inc({ kind: factor.kind, outcome: 'started' });
  }

  /**
   * Sends a code to an address that belongs to no factor, in a flow that is about that address. Refuses with RATE_LIMITED
   * or DELIVERY_FAILED, the same for addresses known and unknown.
   */
  async startAddress(flowId: string, request: AddressRequest, raise: Raise): Promise<void> {
    const { database, clock, chance } = this.deps;
    const [kind, prover] = addressProverOf(this.deps.kinds);
    const id = newId('chl', clock, chance);
    const issued = await prover.issue(request);
    await database.transaction(async (tx) => {
      await raise(tx, { type: 'challengeStarted' });
      await this.close(tx, flowId, 'CANCELED');
      await this.add(tx, { id, flowId, userId: null, factorId: null, kind }, issued, ADDRESS_ATTEMPTS_MAX);
    });
    this.deps.metrics.challenges.inc({ kind, outcome: 'started' });
  }

  /** Ends what is open in a flow, in the caller's transaction. */
  async close(tx: UnitOfWork, flowId: string, status: ChallengeStatus): Promise<void> {
    for (const closed of await store.closeOpen(tx, flowId, status)) {
      const { factorId } = closed;
      if (factorId !== null && kindModule(closed.kind).traits.answeredBy === 'device') {
        tx.afterCommit(() => this.deps.ringDevice(factorId));
      }
    }
  }

  /** Ends what is open for factors that are being removed, in the caller's transaction. */
  async withdraw(tx: UnitOfWork, factorIds: readonly string[]): Promise<void> {
    const flowIds = await store.flowsAsking(tx, factorIds);
    await this.deps.flows.lock(tx, flowIds);
    for (const flowId of flowIds) {
      await this.close(tx, flowId, 'CANCELED');
      await this.deps.flows.raise(tx, flowId, { type: 'challengeEnded', reason: 'CHALLENGE_REPLACED' });
    }
  }

  /** Records how far a message came, and shows it to the waiting screen. */
  async delivered(challengeId: string, delivery: DeliveryStatus): Promise<void> {
    const { database, flows } = this.deps;
    const challenge = await store.findChallenge(database, challengeId);
    if (!challenge || !isOpen(challenge, challenge.now) || challenge.delivery === delivery) return;
    try {
      await database.transaction(async (tx) => {
        await flows.lock(tx, [challenge.flowId]);
        if (!(await store.advanceDelivery(tx, challengeId, delivery))) return;
        // The challenge stays open: a message that was given up may have arrived all the same, and phones ask by themselves.
        const reason = delivery === 'FAILED' ? 'DELIVERY_FAILED' : undefined;
        await flows.raise(tx, challenge.flowId, { type: 'challengeProgressed', reason });
      });
    } catch (error) {
      // The flow ended meanwhile: nobody waits for the news any more.
      if (!(error instanceof Refusal)) throw error;
    }
  }

  /** Until when this kind is not asked of the user, after refusals or a report. */
  pausedUntil(userId: string, kind: string): Promise<Date | null> {
    return store.pausedUntil(this.deps.database, userId, kind);
  }

  /** Records challenges that time has ended; says how many. Nothing is decided here: every reader knows already. */
  async sweep(): Promise<number> {
    const late = await store.overdue(this.deps.database, 200);
    for (const { id, flowId } of late) {
      try {
        await this.deps.database.transaction(async (tx) => {
          await this.deps.flows.lock(tx, [flowId]);
          if (!(await store.markExpired(tx, id))) return;
          await this.deps.flows.raise(tx, flowId, { type: 'challengeEnded', reason: 'CHALLENGE_TIMED_OUT' });
        });
      } catch (error) {
        // The flow is over as well: its own sweep closes what is open in it, and must not be kept from its turn.
        if (!(error instanceof Refusal)) throw error;
      }
    }
    return late.length;
  }

  /** What the kind kept when it asked. */
  kept(challenge: ChallengeRow): unknown {
    if (challenge.sealedKept === null) return undefined;
    return JSON.parse(this.deps.keyring.open(placeOfKept(challenge), challenge.sealedKept).toString());
  }

  private async add(
    tx: UnitOfWork,
    names: ChallengeNames,
    issued: Issued,
    attemptsMax: number,
  ): Promise<void> {
    const messages = issued.send ?? [];
    const { traits } = kindModule(names.kind);
    await store.addChallenge(tx, {
      ...names,
      attempts: traits.isGuessable ? await store.attemptsInFlow(tx, names.flowId) : 0,
      attemptsMax,
      sealedKept:
        issued.kept === undefined
          ? null
          : this.deps.keyring.seal(placeOfKept(names), JSON.stringify(issued.kept)),
      sentTo: issued.sentTo ?? null,
      isSent: messages.length > 0,
      lifeSeconds: issued.lifeSeconds,
      resendAfterSeconds: issued.resendAfterSeconds,
    });
    if (messages.length > 0) await this.deps.outbox.add(tx, messages, names.id);
    const { factorId } = names;
    if (factorId !== null && traits.answeredBy === 'device')
      tx.afterCommit(() => this.deps.ringDevice(factorId));
  }

  private async refuseIfFresh(flow: FlowRef, kind: string): Promise<void> {
    const others = await store.openElsewhere(this.deps.database, flow.userId, kind, flow.id);
    const wait = Math.max(...others.map((other) => REPLACE_AFTER_SECONDS - other.ageSeconds), 0);
    if (wait <= 0) return;
    const newest = Math.max(...others.map((other) => other.createdAt.getTime()));
    throw new Refusal('TOO_SOON', { retryAt: new Date(newest + REPLACE_AFTER_SECONDS * 1000) });
  }

  /** One pending push per user: the newer replaces the older. Starts of one user queue on an advisory lock. */
  private async replaceElsewhere(tx: UnitOfWork, flow: FlowRef, kind: string): Promise<void> {
    await tx.rows('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`push:${flow.userId}`]);
    const others = (await store.openElsewhere(tx, flow.userId, kind, flow.id)).map((other) => other.flowId);
    if (others.length === 0) return;
    await this.deps.flows.lock(tx, [...others, flow.id]);
    for (const other of others) {
      await this.close(tx, other, 'CANCELED');
      await this.deps.flows.raise(tx, other, { type: 'challengeEnded', reason: 'CHALLENGE_REPLACED' });
    }
  }
}
