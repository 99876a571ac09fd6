import { Refusal, assuranceOf, reaches, type Role } from '../../kernel';
import type { UnitOfWork } from '../../platform';
import type { AuditEntry, AuditRecorder } from '../events';
import type { KnownDevices } from '../known-devices';
import type { Policies } from '../policy';
import { kindModule } from '../factors';
import {
  SessionGrant,
  type IssuedTokens,
  type OpenSession,
  type Sessions,
  type Transaction,
} from '../sessions';
import { PASSWORD_PROOF, needsNothingMore, ownerOf, type FlowRow } from './flow';

/** A session that the flow has opened; its tokens are minted after the commit. */
export interface Opened {
  readonly session: OpenSession;
  readonly roles: readonly Role[];
  readonly deviceToken: string | null;
}

/** The page that holds the flow's token, and whether its user wants to be remembered there. */
export interface FlowHolder {
  readonly flowToken: string;
  readonly rememberDevice: boolean;
}

/** The one door to a session. */
export class SessionOpener {
  constructor(
    private readonly sessions: Sessions,
    private readonly knownDevices: KnownDevices,
    private readonly recorder: AuditRecorder,
    private readonly policies: Policies,
    /** A user has signed in with a second factor, in this transaction: what is there for those who cannot, ends. */
    private readonly fullySignedIn: (tx: UnitOfWork, flow: FlowRow) => Promise<void> = () =>
      Promise.resolve(),
  ) {}

  /**
   * Opens the session of a flow that needs nothing more, or raises the session that a step-up began from. The account's
   * state is read again here, in the transaction that issues the session. The entries `before` are recorded with
   * its own. Refuses with INVALID_TOKEN, or CONFLICT if the browser that spares the second factor was forgotten, or the policy changed, meanwhile.
   */
  async open(
    tx: UnitOfWork,
    flow: FlowRow,
    holder: FlowHolder,
    before: readonly AuditEntry[] = [],
  ): Promise<Opened> {
    if (!needsNothingMore(flow)) throw new Error(`flow ${flow.id} is to be opened but needs more`);
    // What lets the password alone in must still hold: a policy that changed meanwhile decides anew.
    if (flow.purpose === 'SIGN_IN' && isByPasswordAlone(flow))
      await this.policies.requireVersion(tx, flow.policyVersion);
    const roles = await rolesOfActive(tx, flow);
    const opened = await (flow.purpose === 'STEP_UP'
      ? this.raise(tx, flow, roles)
      : this.openNew(tx, flow, holder.flowToken, roles));
    const remembered = holder.rememberDevice ? await this.remember(tx, flow, opened) : [];
    await this.recorder.record(tx, ...before, ...completion(flow, opened.session.id), ...remembered);
    return opened;
  }

  /** A flow that waited to be collected: refuses with INVALID_TOKEN if a factor that it was proven by was removed meanwhile. */
  async requireFactors(tx: UnitOfWork, flow: FlowRow): Promise<void> {
    const ids = secondFactors(flow);
    const held = await tx.rows('SELECT id FROM factor WHERE id = ANY($1) AND revoked_at IS NULL FOR SHARE', [
      ids,
    ]);
    if (held.length < ids.length) throw new Refusal('INVALID_TOKEN', {}, 'a factor was removed meanwhile');
  }

  tokens(opened: Opened, userId: string): Promise<IssuedTokens> {
    return this.sessions.tokens(opened.session, { id: userId, roles: opened.roles }, opened.deviceToken);
  }

  /** The same result once more, for a completing call whose reply was lost; undefined once the session has moved on. */
  async reopen(flow: FlowRow, flowToken: string, roles: readonly Role[]): Promise<Opened | undefined> {
    const { sessionId, endedAt } = flow;
    const userId = ownerOf(flow);
    if (flow.purpose === 'STEP_UP') {
      if (!sessionId || !endedAt) return undefined;
      const raised = await this.sessions.raisedAgain(sessionId, userId, freshProofs(flow), endedAt);
      return raised && { session: { ...raised, transaction: transactionOf(flow) }, roles, deviceToken: null };
    }
    const session = await this.sessions.reopen(flow.id, flowToken);
    if (!session) return undefined;
    const deviceToken = session.knownDeviceId
      ? await this.knownDevices.tokenOf(session.knownDeviceId)
      : undefined;
    return { session, roles, deviceToken: deviceToken ?? null };
  }

  private async openNew(
    tx: UnitOfWork,
    flow: FlowRow,
    flowToken: string,
    roles: readonly Role[],
  ): Promise<Opened> {
    const { context } = flow;
    const userId = ownerOf(flow);
    if (flow.reason === 'CHALLENGE_NOT_NEEDED') await this.refuseForgotten(tx, flow);
    const device = await this.knownDevices.note(tx, { userId, knownDeviceId: flow.knownDeviceId, context });
    const session = await this.sessions.open(
      tx,
      SessionGrant.of({
        userId,
        clientId: flow.clientId,
        applicationName: flow.applicationName,
        proofs: flow.proofs,
        flowId: flow.id,
        flowToken,
        knownDeviceId: device.id,
        endsBy: isByPasswordAlone(flow) ? flow.enrollmentDueAt : null,
        context,
      }),
    );
    await this.policies.note(tx, userId, flow.place);
    if (!isByPasswordAlone(flow)) await this.fullySignedIn(tx, flow);
    return { session, roles, deviceToken: device.token };
  }

  /** Where it cannot be, it silently is not: the sign-in is right all the same. */
  private async remember(tx: UnitOfWork, flow: FlowRow, { session }: Opened): Promise<AuditEntry[]> {
    const { purpose, id, userId, context, rememberDeviceDays: days } = flow;
    const factorIds = secondFactors(flow);
    if (purpose !== 'SIGN_IN' || !days || !session.knownDeviceId || factorIds.length === 0) return [];
    const wanted = { id: session.knownDeviceId, userId: ownerOf(flow), days, factorIds };
    if (!(await this.knownDevices.remember(tx, wanted))) return [];
    const about = { actorId: userId, userId, flowId: id, sessionId: session.id, context };
    return [{ type: 'DEVICE_REMEMBERED', outcome: 'SUCCESS', reason: `for ${String(days)} days`, ...about }];
  }

  /** Decided before this transaction: what made all browsers be forgotten since then must hold here. */
  private async refuseForgotten(tx: UnitOfWork, flow: FlowRow): Promise<void> {
    const { knownDeviceId } = flow;
    if (knownDeviceId && (await this.knownDevices.isRemembered(tx, ownerOf(flow), knownDeviceId))) return;
    throw new Refusal('CONFLICT', {}, 'the browser is remembered no more');
  }

  private async raise(tx: UnitOfWork, flow: FlowRow, roles: readonly Role[]): Promise<Opened> {
    const { sessionId } = flow;
    const userId = ownerOf(flow);
    if (!sessionId) throw new Error(`the step-up ${flow.id} has no session`);
    if (flow.reason === 'CHALLENGE_NOT_NEEDED') {
      const held = await this.sessions.standing({ sessionId, userId }, tx);
      if (!held) throw new Refusal('INVALID_TOKEN', {}, 'the session of the step-up is over');
      const transaction = { action: flow.action, message: null };
      return { session: { ...held, refreshToken: null, transaction }, roles, deviceToken: null };
    }
    const session = await this.sessions.raise(tx, sessionId, userId, freshProofs(flow));
    if (!session) throw new Refusal('INVALID_TOKEN', {}, 'the session of the step-up is over');
    return { session: { ...session, transaction: transactionOf(flow) }, roles, deviceToken: null };
  }
}

const isByPasswordAlone = ({ proofs }: FlowRow): boolean => !reaches(assuranceOf(proofs), 'AAL2');

/** A step-up that needed nothing is no event: nothing was proven. */
function completion({ purpose, reason, id, userId, context }: FlowRow, sessionId: string): AuditEntry[] {
  if (purpose === 'STEP_UP' && reason === 'CHALLENGE_NOT_NEEDED') return [];
  const type = purpose === 'STEP_UP' ? 'STEP_UP_COMPLETED' : 'SIGN_IN_COMPLETED';
  return [{ type, outcome: 'SUCCESS', actorId: userId, userId, flowId: id, sessionId, context }];
}

/** The factors proven after the first one, without codes that are only the way back in. */
const secondFactors = ({ proofs }: FlowRow): string[] =>
  proofs
    .slice(1)
    .filter(({ kind }) => kindModule(kind).graphql.setupType !== undefined)
    .map(({ by }) => by);

/** What the step-up was for. A message counts only where its very text was signed: what was seen is what was approved. */
const transactionOf = ({ action, message, proofs }: FlowRow): Transaction => {
  const isSigned = proofs.some(
    ({ by, kind }) => by !== PASSWORD_PROOF.by && kindModule(kind).traits.signsMessage,
  );
  return { action, message: isSigned ? message : null };
};

/** What was proven in this step-up: all but the first factor, which the session brought along. */
const freshProofs = (flow: FlowRow) => (flow.proofs.length > 1 ? flow.proofs.slice(1) : flow.proofs);

/**
 * The roles of a user who may act now; the row stays locked against a change until the session is committed. Where a new
 * password is due, none is opened before it is set.
 */
async function rolesOfActive(tx: UnitOfWork, flow: FlowRow): Promise<Role[]> {
  const isActive = `id = $1 AND (status <> 'LOCKED' OR locked_until <= gateway_now())`;
  const statement =
    flow.purpose === 'STEP_UP'
      ? `SELECT roles FROM users WHERE ${isActive} FOR SHARE`
      : `UPDATE users SET last_sign_in_at = gateway_now()
         WHERE ${isActive} AND password_change_required_at IS NULL RETURNING roles`;
  const user = await tx.row<{ roles: Role[] }>(statement, [ownerOf(flow)]);
  if (!user) throw new Refusal('INVALID_TOKEN', {}, 'the user may not act any more');
  return user.roles;
}
