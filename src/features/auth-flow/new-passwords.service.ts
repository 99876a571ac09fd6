import { Refusal } from '../../kernel';
import type { Database, Keyring, UnitOfWork } from '../../platform';
import type { AuditEntry, AuditRecorder } from '../events';
import type { KnownDevices } from '../known-devices';
import type { Sessions } from '../sessions';
import type { StoredPassword, Users } from '../users';
import type { FlowResult } from './begin-flow.service';
import { isRepeat, ownerOf, type FlowNow } from './flow';
import type { FlowEnding } from './flow-ending.service';
import type { Flows } from './flows.service';
import type { PendingFlows } from './pending-flows.service';
import type { Opened, SessionOpener } from './session-opener.service';
import { isFinal } from './transitions';

export interface NewPasswordDeps {
  readonly database: Database;
  readonly flows: Flows;
  readonly users: Users;
  readonly sessions: Sessions;
  readonly knownDevices: KnownDevices;
  readonly pending: PendingFlows;
  readonly opener: SessionOpener;
  readonly recorder: AuditRecorder;
  readonly keyring: Keyring;
  readonly ending: FlowEnding;
}

/** The new password that a reset ends in, and a sign-in whose password somebody else knew. */
export class NewPasswords {
  constructor(private readonly deps: NewPasswordDeps) {}

  /**
   * Sets the new password of a flow whose every proof is given; all sessions and remembered browsers end. A reset ends
   * there, a sign-in opens its session. The same call within 30 seconds gives the same reply. Refuses with INVALID_TOKEN,
   * WRONG_STATUS, WEAK_PASSWORD or BREACHED_PASSWORD.
   */
  async set(flowToken: string, newPassword: string): Promise<FlowResult> {
    const { flows, users, keyring, database } = this.deps;
    const flow = await flows.read(flowToken);
    if (!flow) throw new Refusal('INVALID_TOKEN');
    const completedBy = keyring.mac('proof', [flow.id, 'password', newPassword]);
    if (isRepeat(flow, completedBy)) return this.repeat(flow, flowToken);
    if (isFinal(flow.status)) throw new Refusal('INVALID_TOKEN');
    if (flow.status !== 'NEW_PASSWORD_REQUIRED') throw new Refusal('WRONG_STATUS');
    const userId = ownerOf(flow);
    const user = await users.find(userId);
    if (!user) throw new Refusal('INVALID_TOKEN');
    const path = ['input', 'newPassword'];
    const stored = await users.prepare(newPassword, user, path);
    if (flow.purpose === 'SIGN_IN' && (await users.isPresentPassword(userId, newPassword)))
      throw new Refusal('WEAK_PASSWORD', { path, message: 'This is the password that you have.' });
    const done = await database.transaction(async (tx) => {
      const moved = await flows.move(tx, flow, { type: 'passwordSet' }, { byHolder: true, completedBy });
      const opened = await this.replace(tx, { ...flow, ...moved }, stored, flowToken);
      return { flow: { ...flow, ...moved, challenge: null }, opened };
    });
    return this.result(done.flow, done.opened);
  }

  private async replace(
    tx: UnitOfWork,
    flow: FlowNow,
    stored: StoredPassword,
    flowToken: string,
  ): Promise<Opened | undefined> {
    const { users, sessions, knownDevices, pending, opener, recorder } = this.deps;
    const userId = ownerOf(flow);
    await pending.end(tx, userId, flow.id);
    await users.setPassword(tx, userId, stored);
    if (flow.purpose === 'PASSWORD_RESET')
      await users.proveEmail(tx, userId, this.deps.ending.subjectOf(flow).email);
    await knownDevices.forgetAll(tx, userId);
    await sessions.revokeAll(tx, userId, flow.purpose === 'SIGN_IN' ? 'password replaced' : 'password reset');
    const entry: AuditEntry = {
      type: 'PASSWORD_CHANGED',
      outcome: 'SUCCESS',
      actorId: userId,
      userId,
      flowId: flow.id,
      context: flow.context,
      reason: flow.purpose === 'SIGN_IN' ? 'demanded at sign-in' : 'reset',
    };
    if (flow.purpose === 'SIGN_IN')
      return opener.open(tx, flow, { flowToken, rememberDevice: false }, [entry]);
    await recorder.record(tx, entry);
    return undefined;
  }

  private async repeat(flow: FlowNow, flowToken: string): Promise<FlowResult> {
    if (flow.purpose !== 'SIGN_IN') return { flow };
    const user = await this.deps.users.find(ownerOf(flow));
    const opened = user && (await this.deps.opener.reopen(flow, flowToken, user.roles));
    if (!opened) throw new Refusal('INVALID_TOKEN');
    return this.result(flow, opened);
  }

  private async result(flow: FlowNow, opened: Opened | undefined): Promise<FlowResult> {
    return opened ? { flow, tokens: await this.deps.opener.tokens(opened, ownerOf(flow)) } : { flow };
  }
}
