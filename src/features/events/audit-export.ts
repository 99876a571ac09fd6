import type { AuditEventType, AuditOutcome } from './audit-event';
import type { ClientContext } from '../../kernel';

/** A line of the log with all that was recorded. */
export interface ExportedEvent {
  readonly id: string;
  readonly occurredAt: Date;
  readonly type: AuditEventType;
  readonly outcome: AuditOutcome;
  readonly actorId: string | null;
  readonly userId: string | null;
  readonly factorKind: string | null;
  readonly factorId: string | null;
  readonly flowId: string | null;
  readonly sessionId: string | null;
  readonly requestId: string | null;
  readonly context: ClientContext | null;
  readonly reason: string | null;
  readonly note: string | null;
  readonly details: object | null;
  /** Of the seal over its batch; null until sealed. */
  readonly chainHash: string | null;
}

type Column = readonly [name: string, value: (event: ExportedEvent) => string | null];

const COLUMNS: readonly Column[] = [
  ['id', ({ id }) => id],
  ['occurred_at', ({ occurredAt }) => occurredAt.toISOString()],
  ['type', ({ type }) => type],
  ['outcome', ({ outcome }) => outcome],
  ['actor_id', ({ actorId }) => actorId],
  ['user_id', ({ userId }) => userId],
  ['factor_kind', ({ factorKind }) => factorKind],
  ['factor_id', ({ factorId }) => factorId],
  ['flow_id', ({ flowId }) => flowId],
  ['session_id', ({ sessionId }) => sessionId],
  ['request_id', ({ requestId }) => requestId],
  ['ip_address', ({ context }) => context?.ipAddress ?? null],
  ['location', ({ context }) => context?.location ?? null],
  ['browser', ({ context }) => context?.browser ?? null],
  ['operating_system', ({ context }) => context?.operatingSystem ?? null],
  ['reason', ({ reason }) => reason],
  ['note', ({ note }) => note],
  ['details', ({ details }) => (details ? JSON.stringify(details) : null)],
  ['chain_hash', ({ chainHash }) => chainHash],
];

export const CSV_HEADER = COLUMNS.map(([name]) => name).join(',');

/** A record of RFC 4180. */
export const csvLine = (event: ExportedEvent): string =>
  COLUMNS.map(([, value]) => csvField(value(event) ?? '')).join(',');

export const ndjsonLine = (event: ExportedEvent): string => JSON.stringify(event);

/** Spreadsheets run what begins like a formula: an apostrophe in front makes it text (OWASP, "CSV Injection"). */
function csvField(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
