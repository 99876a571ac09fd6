import { Refusal } from '../../kernel';
import { kindModule, type DeviceChallenge, type Verdict } from '../factors';
import { isOpen, userFacingStatus, type ChallengeRow } from './challenge';
import type { Answers, FactorChallenge } from './answers.service';
import * as store from './challenges.store';
import type { EngineDeps } from './engine';
import type { Raise } from './flow-port';

type Ended = Extract<Verdict, { accepted: false }> & {
  readonly ends: NonNullable<Extract<Verdict, { accepted: false }>['ends']>;
};

/**
 * Answers that come from a registered device. A signature cannot be guessed, so nothing is charged beforehand; one
 * conditional UPDATE decides, and the first decision stands.
 */
export class DeviceAnswers {
  constructor(
    private readonly deps: EngineDeps,
    private readonly answers: Answers,
  ) {}

  /** See `DevicePort.settle`. */
  async settle(challengeId: string, factorId: string, proof: unknown): Promise<DeviceChallenge> {
    const challenge = await this.own(challengeId, factorId);
    if (!isOpen(challenge, challenge.now)) throw new Refusal('CHALLENGE_CLOSED');
    const verdict = await this.answers.judge(challenge, proof, challenge.now);
    const raise: Raise = (tx, event) => this.deps.flows.raise(tx, challenge.flowId, event);
    if (verdict.accepted) {
      if (!(await this.answers.accept(challenge, verdict, raise))) throw new Refusal('CHALLENGE_CLOSED');
    } else if (verdict.ends) {
      await this.end(challenge, { ...verdict, ends: verdict.ends }, raise);
    } else {
      await this.record(challenge, verdict.why);
      throw new Refusal('INVALID_PROOF', {}, verdict.why);
    }
    return this.find(challengeId, factorId);
  }

  /** A challenge of this factor's device in any status; NOT_FOUND if it is another's. */
  async find(challengeId: string, factorId: string): Promise<DeviceChallenge> {
    const challenge = await this.own(challengeId, factorId);
    return this.shown(challenge, challenge.now);
  }

  async waiting(factorId: string): Promise<DeviceChallenge[]> {
    const rows = await store.waitingFor(this.deps.database, factorId);
    return rows.map((row) => this.shown(row, row.now));
  }

  versions(factorIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return store.versionsOf(this.deps.database, factorIds);
  }

  private async end(challenge: FactorChallenge, verdict: Ended, raise: Raise): Promise<void> {
    const isReport = verdict.ends === 'USER_REPORTED';
    await this.deps.database.transaction(async (tx) => {
      await raise(tx, isReport ? { type: 'reported' } : { type: 'challengeEnded', reason: verdict.ends });
      if (!(await store.settleChallenge(tx, challenge.id, 'DENIED'))) throw new Refusal('CHALLENGE_CLOSED');
      const { userId, flowId } = challenge;
      const details = isReport ? await this.deps.reported(tx, { userId, flowId }) : null;
      await this.deps.recorder.record(tx, {
        type: isReport ? 'APPROVAL_REPORTED' : 'CHALLENGE_ANSWERED',
        outcome: 'FAILURE',
        userId: challenge.userId,
        factorKind: challenge.kind,
        factorId: challenge.factorId,
        flowId: challenge.flowId,
        reason: verdict.why,
        details,
      });
      tx.afterCommit(() => this.deps.ringDevice(challenge.factorId));
    });
    this.deps.metrics.challenges.inc({ kind: challenge.kind, outcome: 'refused' });
  }

  private record(challenge: ChallengeRow, why: string): Promise<void> {
    return this.deps.recorder.record(this.deps.database, {
      type: 'CHALLENGE_ANSWERED',
      outcome: 'FAILURE',
      userId: challenge.userId,
      factorKind: challenge.kind,
      factorId: challenge.factorId,
      flowId: challenge.flowId,
      reason: why,
    });
  }

  private async own(
    challengeId: string,
    factorId: string,
  ): Promise<FactorChallenge & { readonly now: Date }> {
    const challenge = await store.findChallenge(this.deps.database, challengeId);
    if (
      challenge?.factorId !== factorId ||
      challenge.userId === null ||
      kindModule(challenge.kind).traits.answeredBy !== 'device'
    ) {
      throw new Refusal('NOT_FOUND');
    }
    return { ...challenge, factorId, userId: challenge.userId };
  }

  private shown(challenge: ChallengeRow, now: Date): DeviceChallenge {
    return {
      id: challenge.id,
      status: userFacingStatus(challenge, now),
      createdAt: challenge.createdAt,
      expiresAt: challenge.expiresAt,
      kept: this.answers.kept(challenge),
    };
  }
}
