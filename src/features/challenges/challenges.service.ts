import type { Outbox } from '../../delivery';
import { Refusal, newId, type Chance, type Clock, type DeliveryStatus, type Proven } from '../../kernel';
import type { Database, Keyring, Metrics, UnitOfWork } from '../../platform';
import type { AuditRecorder } from '../events';
import {
  kindModule,
  type AddressProver,
  type AddressRequest,
  type ChallengeRequest,
  type FactorFacts,
  type FactorKindAtWork,
  type Issued,
  type Verdict,
} from '../factors';
import type { Limits } from '../limits';
import { isOpen, placeOfKept, type ChallengeRow, type ChallengeStatus } from './challenge';
import * as store from './challenges.store';
import type { FlowPort, Raise } from './flow-port';

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

type Accepted = Extract<Verdict, { accepted: true }>;
type ChallengeNames = Pick<ChallengeRow, 'id' | 'flowId' | 'userId' | 'factorId' | 'kind'>;
/** A challenge that a factor answers. */
export type FactorChallenge = ChallengeRow & { readonly factorId: string; readonly userId: string };

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
    const issued = await this.kind(factor.kind).driver.issue(factor, {
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
    const [kind, prover] = this.addressProver();
    const id = newId('chl', clock, chance);
    const issued = await prover.issue(request);
    await database.transaction(async (tx) => {
      await raise(tx, { type: 'challengeStarted' });
      await this.close(tx, flowId, 'CANCELED');
      await this.add(tx, { id, flowId, userId: null, factorId: null, kind }, issued, ADDRESS_ATTEMPTS_MAX);
    });
    this.deps.metrics.challenges.inc({ kind, outcome: 'started' });
  }

  /**
   * Judges the answer to the open challenge of a flow. It returns only if the answer was right and everything that
   * follows from it is committed; otherwise it refuses: INVALID_INPUT (nothing spent), INVALID_CODE, TOO_MANY_ATTEMPTS,
   * RATE_LIMITED or CHALLENGE_CLOSED.
   */
  async answer(challenge: ChallengeRow, proofText: unknown, raise: Raise): Promise<void> {
    const { limits, metrics, database } = this.deps;
    const proof = parsedProof(challenge.kind, proofText);
    const { isGuessable } = kindModule(challenge.kind).traits;
    const claim = await store.claimAnswer(database, challenge.id, isGuessable);
    if (!claim.isOpen) throw new Refusal('CHALLENGE_CLOSED');
    if (claim.failures === null) {
      metrics.challenges.inc({ kind: challenge.kind, outcome: 'limited' });
      const held = await limits.guessesUsableFrom(challenge.userId ?? challenge.flowId);
      // Disabled is not a matter of time: a date would be a false promise.
      throw new Refusal('RATE_LIMITED', { retryAt: held.isDisabled ? null : held.retryAt });
    }
    if (claim.attempts === null || claim.attemptsMax === null) {
      // Another answer ended the challenge between the two halves of the claim: nothing was evaluated.
      if (isGuessable) await limits.returnGuess(challenge.userId ?? challenge.flowId);
      throw new Refusal('CHALLENGE_CLOSED');
    }
    const verdict = await this.judge(challenge, proof, claim.now);
    if (verdict.accepted && (await this.acceptAny(challenge, verdict, raise))) return;
    const why = verdict.accepted ? 'replay' : verdict.why;
    await this.refuse(challenge, why, claim.attempts >= claim.attemptsMax, raise);
    if (claim.attempts >= claim.attemptsMax) throw new Refusal('TOO_MANY_ATTEMPTS');
    throw new Refusal('INVALID_CODE', { attemptsRemaining: claim.attemptsMax - claim.attempts });
  }

  /** Lets the kind judge; a crash of its driver is no acceptance. */
  judge(challenge: ChallengeRow, proof: unknown, now: Date): Promise<Verdict> {
    const { factorId, userId } = challenge;
    if (factorId === null || userId === null) {
      return this.addressProver()[1].verify(this.kept(challenge), proof as never, now);
    }
    const factor = { id: factorId, userId, label: null };
    return this.kind(challenge.kind).driver.verify(factor, this.kept(challenge), proof as never, now);
  }

  private async acceptAny(challenge: ChallengeRow, verdict: Accepted, raise: Raise): Promise<boolean> {
    if (challenge.factorId === null || challenge.userId === null) {
      await this.acceptAddress(challenge, raise);
      return true;
    }
    return this.accept(
      { ...challenge, factorId: challenge.factorId, userId: challenge.userId },
      verdict,
      raise,
    );
  }

  /** An address was proven. It counts for nothing but what its flow is about. */
  private async acceptAddress(challenge: ChallengeRow, raise: Raise): Promise<void> {
    await this.deps.database.transaction(async (tx) => {
      await this.deps.limits.restoreGuesses(tx, challenge.flowId);
      const conclude = await raise(tx, { type: 'addressProven' });
      if (!(await store.settleAddress(tx, challenge.id))) throw new Refusal('CHALLENGE_CLOSED');
      const entry = answered(challenge);
      if (conclude) await conclude(tx, entry);
      else await this.deps.recorder.record(tx, entry);
    });
    this.deps.metrics.challenges.inc({ kind: challenge.kind, outcome: 'accepted' });
  }

  /**
   * Uses an accepted verdict up: all of it in one transaction, in the lock order guard, flow, challenge, factor,
   * session, audit. False if the proof was used before.
   */
  async accept(challenge: FactorChallenge, verdict: Accepted, raise: Raise): Promise<boolean> {
    const { database, limits, recorder, metrics } = this.deps;
    const { traits } = kindModule(challenge.kind);
    const proof: Proven = {
      by: challenge.factorId,
      kind: challenge.kind,
      amr: verdict.amr ?? traits.amr,
      isPhishingResistant: traits.isPhishingResistant,
    };
    const isUsed = Symbol('used before');
    try {
      await database.transaction(async (tx) => {
        if (traits.isGuessable) await limits.restoreGuesses(tx, challenge.userId);
        else await limits.enableGuesses(tx, challenge.userId);
        const conclude = await raise(tx, { type: 'proven', proof });
        if (!(await store.settleAccepted(tx, challenge.id, challenge.factorId)))
          throw new Refusal('CHALLENGE_CLOSED');
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- rolls back and is caught below
        if (verdict.consume && !(await verdict.consume(tx))) throw isUsed;
        const entry = { ...answered(challenge), reason: (await verdict.detail?.(tx)) ?? null };
        if (conclude) await conclude(tx, entry);
        else await recorder.record(tx, entry);
        // Last, since what it counts may be a row that everybody shares.
        await this.kind(challenge.kind).used?.(tx, this.kept(challenge));
        if (traits.answeredBy === 'device') tx.afterCommit(() => this.deps.ringDevice(challenge.factorId));
      });
    } catch (error) {
      if (error === isUsed) return false;
      throw error;
    }
    await this.startsForgiven(challenge);
    metrics.challenges.inc({ kind: challenge.kind, outcome: 'accepted' });
    return true;
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

  private async refuse(challenge: ChallengeRow, why: string, isLast: boolean, raise: Raise): Promise<void> {
    this.deps.metrics.challenges.inc({ kind: challenge.kind, outcome: 'refused' });
    const entry = {
      type: 'CHALLENGE_ANSWERED',
      outcome: 'FAILURE',
      userId: challenge.userId,
      factorKind: challenge.kind,
      factorId: challenge.factorId,
      flowId: challenge.flowId,
      reason: why,
    } as const;
    if (!isLast) return this.deps.recorder.record(this.deps.database, entry);
    await this.deps.database.transaction(async (tx) => {
      await raise(tx, { type: 'attemptsExhausted' });
      await this.close(tx, challenge.flowId, 'FAILED');
      await this.deps.recorder.record(tx, entry);
    });
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

  /** The limits on starting count since the last success. */
  private async startsForgiven(challenge: FactorChallenge): Promise<void> {
    const { startLimits } = kindModule(challenge.kind).traits;
    if (startLimits.length === 0) return;
    await this.deps.limits.forgive(
      startLimits.map((limit, index) => [
        { name: `start-${challenge.kind}-${String(index)}`, ...limit },
        challenge.userId,
      ]),
    );
  }

  private addressProver(): readonly [kind: string, prover: AddressProver<never>] {
    for (const [kind, { addresses }] of this.deps.kinds) if (addresses) return [kind, addresses];
    throw new Error('no kind proves addresses');
  }

  private kind(kind: string): FactorKindAtWork<never> {
    const atWork = this.deps.kinds.get(kind);
    if (!atWork) throw new Error(`the kind ${kind} is not at work`);
    return atWork;
  }
}

const answered = ({ userId, kind, factorId, flowId }: ChallengeRow) =>
  ({ type: 'CHALLENGE_ANSWERED', outcome: 'SUCCESS', userId, factorKind: kind, factorId, flowId }) as const;

/** The proof in the kind's own form, or INVALID_INPUT with the path: a malformed answer costs no attempt. */
export function parsedProof(kind: string, presented: unknown): unknown {
  const module = kindModule(kind);
  const field = module.traits.proofField;
  const value =
    field && presented && typeof presented === 'object'
      ? (presented as Record<string, unknown>)[field]
      : undefined;
  if (!field || value === undefined || value === null) {
    throw new Refusal('INVALID_INPUT', {
      path: ['input', 'proof'],
      message: field ? `This asks for \`${field}\`.` : 'This is answered on the device.',
    });
  }
  const parsed = module.proof.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Refusal('INVALID_INPUT', {
    path: ['input', 'proof', field],
    message: parsed.error.issues[0]?.message ?? 'This is malformed.',
  });
}
