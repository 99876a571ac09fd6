import { Refusal, type ClientContext } from '../../kernel';
import type { Database, Keyring } from '../../platform';
import type { Flows } from '../auth-flow';
import type { Challenges } from '../challenges';
import type { AuditRecorder } from '../events';
import type { KnownDevices } from '../known-devices';
import type { Sessions } from '../sessions';
import { eventOfReport } from './report-token';

/** What was done about a report, to be shown to the user. */
export const ReportAction = {
  FLOW_ENDED: 'FLOW_ENDED',
  SESSIONS_REVOKED: 'SESSIONS_REVOKED',
  DEVICES_FORGOTTEN: 'DEVICES_FORGOTTEN',
  PUSH_MUTED: 'PUSH_MUTED',
} as const;
export type ReportAction = keyof typeof ReportAction;

/** A link in a notice works so long. */
const REPORTABLE = '30 days';

export interface ReportedEvent {
  readonly id: string;
  readonly type: string;
  readonly userId: string;
  readonly locale: string | null;
  readonly flowId: string | null;
  readonly sessionId: string | null;
  readonly occurredAt: Date;
  readonly context: ClientContext | null;
}

/** "This was not me": ends what an event began, and no browser is remembered any more. A repeat finds nothing left to end, and is no error. */
export class Reports {
  constructor(
    private readonly database: Database,
    private readonly flows: Flows,
    private readonly challenges: Challenges,
    private readonly sessions: Sessions,
    private readonly recorder: AuditRecorder,
    private readonly keyring: Keyring,
    private readonly knownDevices: KnownDevices,
  ) {}

  /** The event of a link; undefined if the link was not made by us or is too old. */
  async byToken(token: string): Promise<ReportedEvent | undefined> {
    const id = eventOfReport(this.keyring, token);
    return id === undefined ? undefined : this.event('e.id = $1', [id]);
  }

  byOwner(userId: string, eventId: string): Promise<ReportedEvent | undefined> {
    return this.event('e.id = $1 AND e.user_id = $2', [eventId, userId]);
  }

  async report(event: ReportedEvent, context: ClientContext): Promise<ReportAction[]> {
    return this.database.transaction(async (tx) => {
      const actions: ReportAction[] = [];
      const { userId, flowId, sessionId } = event;
      if (flowId !== null) {
        const wasRung = await tx.row(`SELECT 1 FROM challenge WHERE flow_id = $1 AND kind = 'PUSH'`, [
          flowId,
        ]);
        if (await this.flows.report(tx, flowId)) {
          await this.challenges.close(tx, flowId, 'DENIED');
          actions.push('FLOW_ENDED');
          if (wasRung) actions.push('PUSH_MUTED');
        }
      }
      const forgotten = await this.knownDevices.forgetAll(tx, userId);
      const revoked = await this.sessions.revokeBegunWith(tx, { userId, flowId, sessionId }, 'reported');
      if (revoked > 0) actions.push('SESSIONS_REVOKED');
      if (forgotten > 0) actions.push('DEVICES_FORGOTTEN');
      if (actions.length > 0) {
        await this.recorder.record(tx, {
          type: 'ACTIVITY_REPORTED',
          outcome: 'SUCCESS',
          userId,
          flowId,
          sessionId,
          context,
          reason: event.type,
        });
      }
      return actions;
    });
  }

  private event(where: string, values: readonly string[]): Promise<ReportedEvent | undefined> {
    return this.database.row<ReportedEvent>(
      `SELECT e.id, e.type, e.user_id, u.locale, e.flow_id, e.session_id, e.occurred_at, e.context
       FROM audit_event e JOIN users u ON u.id = e.user_id
       WHERE ${where} AND e.occurred_at > gateway_now() - interval '${REPORTABLE}'`,
      values,
    );
  }
}

/** For callers that name neither a link nor an event of their own. */
export const unknownEvent = (): Refusal => new Refusal('INVALID_TOKEN', {}, 'no such event to report');
