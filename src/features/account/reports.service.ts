import { Refusal, type ClientContext } from '../../kernel';
import type { Database, Keyring, UnitOfWork } from '../../platform';
import type { Flows, PendingFlows } from '../auth-flow';
import type { Challenges } from '../challenges';
import type { AuditRecorder } from '../events';
import type { KnownDevices } from '../known-devices';
import type { Sessions } from '../sessions';
import type { Users } from '../users';
import { eventOfReport } from './report-token';
import * as store from './reports.store';
import type { ReportedEvent } from './reports.store';

/** What was done about a report, to be shown to the user. */
export const ReportAction = {
  FLOW_ENDED: 'FLOW_ENDED',
  SESSIONS_REVOKED: 'SESSIONS_REVOKED',
  DEVICES_FORGOTTEN: 'DEVICES_FORGOTTEN',
  PUSH_MUTED: 'PUSH_MUTED',
  RECOVERY_CANCELED: 'RECOVERY_CANCELED',
  PASSWORD_CHANGE_REQUIRED: 'PASSWORD_CHANGE_REQUIRED',
  ADMINISTRATORS_TOLD: 'ADMINISTRATORS_TOLD',
} as const;
export type ReportAction = keyof typeof ReportAction;

export type { ReportedEvent };

export interface ReportsDeps {
  readonly database: Database;
  readonly flows: Flows;
  readonly challenges: Challenges;
  readonly sessions: Sessions;
  readonly users: Users;
  readonly pending: PendingFlows;
  readonly recorder: AuditRecorder;
  readonly keyring: Keyring;
  readonly knownDevices: KnownDevices;
  /** Ends what is open to recover the account; false if nothing was. */
  cancelRecovery(tx: UnitOfWork, userId: string): Promise<boolean>;
  /** Tells the administrators where it concerns one who may act on others; false if it does not, or there is nobody to tell. */
  tellAdministrators(
    tx: UnitOfWork,
    reported: { userId: string; context: ClientContext | null },
  ): Promise<boolean>;
}

/** What a report is about. */
type Suspect = Pick<ReportedEvent, 'type' | 'userId' | 'flowId' | 'sessionId' | 'occurredAt' | 'context'>;

/**
 * "This was not me": ends what an event began, and no browser is remembered any more. Where it began with the right
 * password, that password opens nothing any more. A repeat finds nothing left to end, and is no error.
 */
export class Reports {
  constructor(private readonly deps: ReportsDeps) {}

  /** The event of a link; undefined if the link was not made by us or is too old. */
  async byToken(token: string): Promise<ReportedEvent | undefined> {
    const id = eventOfReport(this.deps.keyring, token);
    return id === undefined ? undefined : store.reportable(this.deps.database, 'e.id = $1', [id]);
  }

  byOwner(userId: string, eventId: string): Promise<ReportedEvent | undefined> {
    return store.reportable(this.deps.database, 'e.id = $1 AND e.user_id = $2', [eventId, userId]);
  }

  async report(event: ReportedEvent, context: ClientContext): Promise<ReportAction[]> {
    const { database, recorder } = this.deps;
    return database.transaction(async (tx) => {
      const ended = await this.endFlow(tx, event.flowId);
      const { actions, details } = await this.endRest(tx, event);
      const all = [...ended, ...actions];
      if (all.length > 0) {
        await recorder.record(tx, {
          type: 'ACTIVITY_REPORTED',
          outcome: 'SUCCESS',
          userId: event.userId,
          flowId: event.flowId,
          sessionId: event.sessionId,
          context,
          reason: event.type,
          details: { ...details, actions: all },
        });
      }
      return all;
    });
  }

  /**
   * A phone said it of a request: its flow is ended by the engine, in this transaction. The same is done about the rest;
   * gives what the audit entry is to hold of it.
   */
  async byPhone(tx: UnitOfWork, { userId, flowId }: { userId: string; flowId: string }): Promise<object> {
    const sessionId = await store.sessionOfFlow(tx, flowId);
    const occurredAt = new Date(0);
    const suspect = { type: 'APPROVAL', userId, flowId, sessionId, occurredAt, context: null };
    const { actions, details } = await this.endRest(tx, suspect);
    return { ...details, actions: ['FLOW_ENDED', 'PUSH_MUTED', ...actions] };
  }

  private async endFlow(tx: UnitOfWork, flowId: string | null): Promise<ReportAction[]> {
    if (flowId === null) return [];
    const wasRung = await store.wasPhoneRung(tx, flowId);
    if (!(await this.deps.flows.report(tx, flowId))) return [];
    await this.deps.challenges.close(tx, flowId, 'DENIED');
    return wasRung ? ['FLOW_ENDED', 'PUSH_MUTED'] : ['FLOW_ENDED'];
  }

  /** In the order in which rows are locked everywhere: flows, user, sessions. */
  private async endRest(
    tx: UnitOfWork,
    suspect: Suspect,
  ): Promise<{ actions: ReportAction[]; details: object }> {
    const { knownDevices, sessions } = this.deps;
    const password = await this.refusePassword(tx, suspect);
    const forgotten = await knownDevices.forgetAll(tx, suspect.userId);
    const revoked = await sessions.revokeBegunWith(tx, suspect, 'reported');
    const isRecoveryCanceled = await this.deps.cancelRecovery(tx, suspect.userId);
    const actions: ReportAction[] = [];
    if (revoked > 0) actions.push('SESSIONS_REVOKED');
    if (forgotten > 0) actions.push('DEVICES_FORGOTTEN');
    if (isRecoveryCanceled) actions.push('RECOVERY_CANCELED');
    if (password) actions.push('PASSWORD_CHANGE_REQUIRED');
    if (actions.length > 0 && (await this.deps.tellAdministrators(tx, suspect)))
      actions.push('ADMINISTRATORS_TOLD');
    return { actions, details: password ? { password } : {} };
  }

  /** Where the right password was given, whoever gave it must get no further by it, in no flow. */
  private async refusePassword(tx: UnitOfWork, suspect: Suspect) {
    const known = await store.knownPassword(tx, suspect);
    if (!known?.isPresent) return undefined;
    await this.deps.pending.end(tx, suspect.userId);
    return this.deps.users.requirePasswordChange(tx, suspect.userId, known.hadSecondFactor);
  }
}

/** For callers that name neither a link nor an event of their own. */
export const unknownEvent = (): Refusal => new Refusal('INVALID_TOKEN', {}, 'no such event to report');
