import type { Outbox } from '../../delivery';
import { Refusal, newId, type Chance, type ClientContext, type Clock, type Proven } from '../../kernel';
import { newToken, sha256, type Database, type Keyring, type UnitOfWork, type Watcher } from '../../platform';
import { parsedProof } from '../challenges';
import type { AuditRecorder } from '../events';
import {
  kindModule,
  type EnrollmentInput,
  type FactorKindAtWork,
  type Factors,
  type UserRef,
  type Verdict,
} from '../factors';
import { placeOfKept, type EnrollmentNow } from './enrollment';
import * as store from './enrollments.store';

/** What began an enrollment: a signed-in session, or a flow that asks for the first factor. */
export interface Origin {
  readonly sessionId: string | null;
  readonly flowId: string | null;
  /** The session was opened, or stepped up, by a backup code alone. */
  readonly isByBackupCode: boolean;
}

export interface Confirmed {
  readonly enrollment: EnrollmentNow;
  readonly isFirst: boolean;
}

/** The way up from enrollments to flows. */
export interface EnrollmentFlowPort {
  raise(tx: UnitOfWork, flowId: string, event: { type: 'factorEnrolled'; proof: Proven }): Promise<unknown>;
}

export interface EnrollmentDeps {
  readonly database: Database;
  readonly kinds: ReadonlyMap<string, FactorKindAtWork<never>>;
  readonly factors: Factors;
  readonly recorder: AuditRecorder;
  readonly outbox: Outbox;
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly watcher: Watcher;
  readonly flows: EnrollmentFlowPort;
  /** Before the factor that a flow asked for is added: a completed recovery takes all earlier ones away. */
  readonly flowEnrolls?: (tx: UnitOfWork, flow: { id: string; userId: string }) => Promise<void>;
  /** What must end when a user's factors change. Takes the user's row. */
  readonly factorAdded: (tx: UnitOfWork, userId: string) => Promise<unknown>;
}

export class Enrollments {
  constructor(private readonly deps: EnrollmentDeps) {}

  /**
   * Begins an enrollment; one pending of the same kind ends. Refuses with FACTOR_NOT_AVAILABLE, FACTOR_LIMIT_REACHED, TOO_SOON while the
   * message of the pending one is fresh, or with what the kind refuses.
   */
  async start(
    user: UserRef,
    kind: string,
    input: EnrollmentInput,
    origin: Origin,
  ): Promise<{ enrollment: EnrollmentNow; enrollmentToken: string }> {
    const { database, factors, keyring, clock, chance, watcher } = this.deps;
    if (!factors.enrollableKinds.includes(kind)) throw new Refusal('FACTOR_NOT_AVAILABLE');
    await this.refuseAboveLimit(user.id, kind, database);
    const pending = await store.pendingOf(database, user.id, kind);
    if (pending?.isFresh) throw new Refusal('TOO_SOON', { retryAt: pending.resendableAt });
    const issued = await this.kind(kind).driver.enroll(user, input);
    const id = newId('enr', clock, chance);
    const enrollmentToken = newToken(chance);
    const sealedKept =
      issued.kept === undefined
        ? null
        : keyring.seal(placeOfKept({ id, userId: user.id }), JSON.stringify(issued.kept));
    await database.transaction(async (tx) => {
      for (const replaced of await store.replacePending(tx, user.id, kind)) {
        tx.afterCommit(() => watcher.ring(replaced.id));
      }
      await store.addEnrollment(tx, {
        id,
        userId: user.id,
        kind,
        tokenHash: sha256(enrollmentToken),
        pairingHash: issued.pairingToken === undefined ? null : sha256(issued.pairingToken),
        sealedKept,
        label: input.label,
        sentTo: issued.sentTo ?? null,
        resendAfterSeconds: issued.resendAfterSeconds,
        factorId: newId('fct', clock, chance),
        ...origin,
        lifeSeconds: issued.lifeSeconds,
      });
      if (issued.send) await this.deps.outbox.add(tx, issued.send);
    });
    return { enrollment: (await this.read(enrollmentToken)) as EnrollmentNow, enrollmentToken };
  }

  /** The enrollment of a token; undefined if there is none or it is long over. */
  read(enrollmentToken: string): Promise<EnrollmentNow | undefined> {
    return store.byToken(this.deps.database, sha256(enrollmentToken));
  }

  /**
   * Confirms with the proof of a client. Refuses with INVALID_TOKEN, WRONG_STATUS, INVALID_INPUT (nothing spent),
   * INVALID_CODE or TOO_MANY_ATTEMPTS (the enrollment has ended).
   */
  async confirm(
    enrollment: EnrollmentNow,
    presented: unknown,
    label: string | null,
    context: ClientContext,
  ): Promise<Confirmed> {
    if (enrollment.status !== 'PENDING') throw new Refusal('INVALID_TOKEN');
    const proof = parsedProof(enrollment.kind, presented);
    const claim = await store.claimAttempt(this.deps.database, enrollment.id);
    if (!claim) throw new Refusal('INVALID_TOKEN');
    const verdict = await this.judge(enrollment, proof, claim.now);
    if (verdict.accepted) {
      const isFirst = await this.accept(enrollment, verdict, label, context);
      return { enrollment: { ...enrollment, status: 'CONFIRMED', sealedKept: null }, isFirst };
    }
    if (claim.remaining > 0) throw new Refusal('INVALID_CODE', { attemptsRemaining: claim.remaining });
    await store.settle(this.deps.database, enrollment.id, 'EXPIRED');
    this.deps.watcher.ring(enrollment.id);
    throw new Refusal('TOO_MANY_ATTEMPTS');
  }

  /** See `DevicePort.activate`. */
  async activateByDevice(
    pairingToken: string,
    proof: unknown,
  ): Promise<{ factorId: string; userId: string }> {
    const enrollment = await store.byPairing(this.deps.database, sha256(pairingToken));
    if (enrollment?.status !== 'PENDING') throw new Refusal('INVALID_TOKEN');
    const claim = await store.claimAttempt(this.deps.database, enrollment.id);
    if (!claim) throw new Refusal('INVALID_TOKEN');
    const verdict = await this.judge(enrollment, proof, claim.now);
    if (!verdict.accepted) throw new Refusal('INVALID_PROOF', {}, verdict.why);
    await this.accept(enrollment, verdict, null, null);
    return { factorId: enrollment.factorId, userId: enrollment.userId };
  }

  /** What the kind kept when it issued; undefined once the enrollment is over. */
  kept(enrollment: EnrollmentNow): unknown {
    if (enrollment.sealedKept === null || enrollment.status !== 'PENDING') return undefined;
    return JSON.parse(this.deps.keyring.open(placeOfKept(enrollment), enrollment.sealedKept).toString());
  }

  /** Nothing that the user has begun can be confirmed any more. */
  async endAll(tx: UnitOfWork, userId: string): Promise<void> {
    for (const { id } of await store.endPending(tx, userId)) tx.afterCommit(() => this.deps.watcher.ring(id));
  }

  sweep(): Promise<number> {
    return store.sweepEnrollments(this.deps.database);
  }

  private judge(enrollment: EnrollmentNow, proof: unknown, now: Date): Promise<Verdict> {
    const factor = { id: enrollment.factorId, userId: enrollment.userId, label: enrollment.label };
    return this.kind(enrollment.kind).driver.activate(factor, this.kept(enrollment), proof as never, now);
  }

  /** Makes the factor, in the lock order flow, enrollment, factor, audit; says whether it is the user's first. */
  private async accept(
    enrollment: EnrollmentNow,
    verdict: Extract<Verdict, { accepted: true }>,
    label: string | null,
    context: ClientContext | null,
  ): Promise<boolean> {
    const { database, factors, recorder, watcher, flows, factorAdded } = this.deps;
    const { id, userId, kind, factorId, flowId } = enrollment;
    const { traits } = kindModule(kind);
    return database.transaction(async (tx) => {
      if (flowId) {
        const amr = verdict.amr ?? traits.amr;
        const proof = { by: factorId, kind, amr, isPhishingResistant: traits.isPhishingResistant };
        await flows.raise(tx, flowId, { type: 'factorEnrolled', proof });
      }
      if (!(await store.settle(tx, id, 'CONFIRMED'))) throw new Refusal('INVALID_TOKEN');
      // Confirmations of one user queue here, so that the count below is true when the factor is added.
      await factors.lock(tx, userId);
      if (flowId) await this.deps.flowEnrolls?.(tx, { id: flowId, userId });
      const others = await this.refuseAboveLimit(userId, kind, tx);
      if (flowId && others > 0) throw new Refusal('WRONG_STATUS', {}, 'a flow enrolls a first factor only');
      const hint = verdict.hint ?? null;
      await factors.add(tx, {
        id: factorId,
        userId,
        kind,
        hint,
        isByBackupCode: enrollment.isByBackupCode,
        label: label ?? enrollment.label ?? verdict.label ?? null,
      });
      if (verdict.consume && !(await verdict.consume(tx)))
        throw new Refusal('INVALID_TOKEN', {}, 'used before');
      // Whoever can add a factor needs no code in the place of one.
      await factors.endTemporary(tx, userId);
      await factorAdded(tx, userId);
      const entry = {
        userId,
        actorId: userId,
        factorKind: kind,
        factorId,
        flowId,
        sessionId: enrollment.sessionId,
      };
      await recorder.record(tx, { type: 'FACTOR_ENROLLED', outcome: 'SUCCESS', context, ...entry });
      tx.afterCommit(() => watcher.ring(id));
      return others === 0;
    });
  }

  /** How many active factors the user has; refuses where the kind's limit is reached. */
  private async refuseAboveLimit(userId: string, kind: string, sql: Database | UnitOfWork): Promise<number> {
    const active = await this.deps.factors.active(userId, sql);
    const ofKind = active.filter((factor) => factor.kind === kind).length;
    if (ofKind >= kindModule(kind).traits.limitPerUser) throw new Refusal('FACTOR_LIMIT_REACHED');
    return active.length;
  }

  private kind(kind: string): FactorKindAtWork<never> {
    const atWork = this.deps.kinds.get(kind);
    if (!atWork) throw new Error(`the kind ${kind} is not at work`);
    return atWork;
  }
}
