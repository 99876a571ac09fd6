import { Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import type { ClientContext } from '../../kernel';
import { DateTime } from '../../platform';
import { AuditEventType, AuditOutcome } from './audit-event';
import type { AuditLine } from './audit-event.store';

registerEnumType(AuditEventType, {
  name: 'AuditEventType',
  description: 'What happened. More may be added: keep a default branch.',
});
registerEnumType(AuditOutcome, { name: 'AuditOutcome', description: 'Whether it worked.' });

@ObjectType('AuditEvent', {
  description: 'One line of the audit log. Never changed, never holds secrets.',
})
export class AuditEvent {
  @Field(() => ID)
  id!: string;

  @Field(() => AuditEventType)
  type!: AuditEventType;

  @Field(() => AuditOutcome)
  outcome!: AuditOutcome;

  @Field(() => DateTime)
  occurredAt!: Date;

  @Field(() => ID, { nullable: true, description: 'Ties together the events of one flow.' })
  flowId!: string | null;

  @Field(() => String, { nullable: true })
  note!: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'Keyed hash that ties it to everything before it: a removed or altered line shows. Null for a moment, until sealed.',
  })
  chainHash!: string | null;

  // Shown through the types of higher folders.
  actorId!: string | null;
  userId!: string | null;
  recordedKind!: string | null;
  recordedContext!: ClientContext | null;

  static from(line: AuditLine): AuditEvent {
    return Object.assign(new AuditEvent(), {
      id: line.id,
      type: line.type,
      outcome: line.outcome,
      occurredAt: line.occurredAt,
      flowId: line.flowId,
      note: line.note,
      chainHash: line.chainHash,
      actorId: line.actorId,
      userId: line.userId,
      recordedKind: line.factorKind,
      recordedContext: line.context,
    });
  }
}
