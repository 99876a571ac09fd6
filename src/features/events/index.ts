/**
 * What happened, and the proof that nobody changed it since. `AuditRecorder` appends lines in the transaction
 * of those who act; `AuditSealer` signs them a moment later, so writers never queue. The tables refuse every
 * change, and a line that was edited, removed or slipped in all the same shows in `verify()`.
 */
import type { Feature } from '../../kernel';
import { AuditEventEntity } from './audit-event.entity';
import { AuditSealEntity } from './audit-seal.entity';
import { AuditLog1767225603000 } from './migrations/1767225603000-audit-log';
import { AuditDetails1767225624000 } from './migrations/1767225624000-audit-details';

export * from './audit-event';
export * from './audit-event.graphql';
export * from './audit-event.store';
export * from './audit-recorder.service';
export * from './audit-sealer.service';

export const eventsFeature: Feature = {
  name: 'events',
  entities: [AuditEventEntity, AuditSealEntity],
  migrations: [AuditLog1767225603000, AuditDetails1767225624000],
};
