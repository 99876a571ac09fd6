import { Refusal } from '../../kernel';
import type { Database } from '../../platform';
import type { Application, FlowResult, Flows } from '../auth-flow';
import { requestOf } from '../auth-flow';
import type { Challenges } from '../challenges';
import { kindModule, type Factors } from '../factors';
import { LIMITS, type Limits } from '../limits';
import type { Policies } from '../policy';
import type { Place } from '../policy';
import type { Authority } from './authority.service';
import type { Act, UserAdministration } from './user-administration.service';

export interface CallerCheckDeps {
  readonly database: Database;
  readonly authority: Authority;
  readonly administration: UserAdministration;
  readonly factors: Factors;
  readonly flows: Flows;
  readonly challenges: Challenges;
  readonly limits: Limits;
  readonly policies: Policies;
  /** The default one. */
  readonly application: Application;
}

/** The help desk asks somebody on the phone to prove who they are, with a factor of theirs. It opens nothing. */
export class CallerChecks {
  constructor(private readonly deps: CallerCheckDeps) {}

  /**
   * The agent holds the flow: types the code that the caller reads out, or waits for the phone. Guesses count against the
   * user like any. Refuses with STEP_UP_REQUIRED, NOT_FOUND, BLOCKED_BY_POLICY, FACTOR_NOT_AVAILABLE, RATE_LIMITED,
   * TOO_SOON or DELIVERY_FAILED.
   */
  async start(
    act: Act & { readonly place: Place | null },
    wanted: { readonly userId: string; readonly factorId: string; readonly message?: string },
  ): Promise<FlowResult> {
    const { authority, factors, flows, challenges, limits } = this.deps;
    const { userId, factorId } = wanted;
    await authority.over(act.caller, userId);
    const factor = await factors.find(userId, factorId);
    if (!factor) throw new Refusal('NOT_FOUND', { path: ['input', 'factorId'] });
    // Codes of a list, once told, are spent; what cannot be told or tapped by a caller is no check.
    const { traits, graphql } = kindModule(factor.kind);
    const isForCallers = traits.answeredBy === 'device' || traits.proofField === 'code';
    if (!factor.isEnabled || !isForCallers || graphql.setupType === undefined)
      throw new Refusal('FACTOR_NOT_AVAILABLE', { path: ['input', 'factorId'] });
    await limits.chargeUse(LIMITS.callerChecksByAgent, act.caller.userId);
    const { id, flowToken } = await this.begin(act, wanted, factor.kind);
    const begun = await flows.readById(id);
    if (!begun) throw new Error(`flow ${id} is gone`);
    await challenges.start(
      { id, userId, attemptsMax: begun.attemptsMax },
      factor,
      requestOf(begun),
      (tx, event) => flows.raise(tx, id, event),
    );
    const flow = await flows.readById(id);
    if (!flow) throw new Error(`flow ${id} is gone`);
    return { flow, flowToken };
  }

  private async begin(
    act: Act & { readonly place: Place | null },
    {
      userId,
      factorId,
      message,
    }: { readonly userId: string; readonly factorId: string; readonly message?: string },
    kind: string,
  ): Promise<{ id: string; flowToken: string }> {
    const { database, flows, policies, application, administration } = this.deps;
    const { maximumAttempts, pushDigits } = await policies.current();
    return database.transaction(async (tx) => {
      const begun = await flows.begin(tx, {
        purpose: 'CALLER_CHECK',
        status: 'CHALLENGE_REQUIRED',
        reason: null,
        userId,
        clientId: application.clientId,
        applicationName: application.name,
        requiredAssurance: 'AAL1',
        promptReasons: [],
        proofs: [],
        policyVersion: null,
        allowedKinds: [kind],
        attemptsMax: maximumAttempts,
        pushDigits,
        enrollmentDueAt: null,
        rememberDeviceDays: null,
        action: null,
        place: act.place,
        sessionId: null,
        knownDeviceId: null,
        message: message ?? null,
        context: act.context,
      });
      await administration.record(tx, act, userId, {
        type: 'CALLER_CHECK_STARTED',
        flowId: begun.id,
        factorKind: kind,
        factorId,
        note: message ?? null,
      });
      return begun;
    });
  }
}
