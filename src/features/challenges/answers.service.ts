import { Refusal, type Proven } from '../../kernel';
import { kindModule, type Verdict } from '../factors';
import type { ChallengeRow } from './challenge';
import type { Challenges } from './challenges.service';
import * as store from './challenges.store';
import { addressProverOf, kindAtWork, type EngineDeps } from './engine';
import type { Raise } from './flow-port';
import { parsedProof } from './proof';

type Accepted = Extract<Verdict, { accepted: true }>;
/** A challenge that a factor answers. */
export type FactorChallenge = ChallengeRow & { readonly factorId: string; readonly userId: string };

/** Answers: claimed and counted first, then judged by the kind, then used up in one transaction. */
export class Answers {
  constructor(
    private readonly deps: EngineDeps,
    private readonly challenges: Challenges,
  ) {}

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

  /** What the kind kept when it asked. */
  kept(challenge: ChallengeRow): unknown {
    return this.challenges.kept(challenge);
  }

  /** Lets the kind judge; a crash of its driver is no acceptance. */
  judge(challenge: ChallengeRow, proof: unknown, now: Date): Promise<Verdict> {
    const { factorId, userId } = challenge;
    const kept = this.kept(challenge);
    if (factorId === null || userId === null) {
      return addressProverOf(this.deps.kinds)[1].verify(kept, proof as never, now);
    }
    const factor = { id: factorId, userId, label: null };
    return kindAtWork(this.deps.kinds, challenge.kind).driver.verify(factor, kept, proof as never, now);
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
        await kindAtWork(this.deps.kinds, challenge.kind).used?.(tx, this.kept(challenge));
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
      await this.challenges.close(tx, challenge.flowId, 'FAILED');
      await this.deps.recorder.record(tx, entry);
    });
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
}

const answered = ({ userId, kind, factorId, flowId }: ChallengeRow) =>
  ({ type: 'CHALLENGE_ANSWERED', outcome: 'SUCCESS', userId, factorKind: kind, factorId, flowId }) as const;
