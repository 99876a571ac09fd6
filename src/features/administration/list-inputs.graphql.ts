import { Field, ID, InputType } from 'type-graphql';
import { Role } from '../../kernel';
import { DateTime, Ip } from '../../platform';
import { AuditEventType, AuditOutcome } from '../events';
import { factorKindEnum } from '../factors';
import { UserStatus } from '../users';

const ALL = { description: 'All conditions given must hold.' };

@InputType('UserFilter', ALL)
export class UserFilterInput {
  @Field(() => String, { nullable: true, description: 'Beginning of the e-mail address or name.' })
  search?: string | null;

  @Field(() => UserStatus, { nullable: true })
  status?: UserStatus | null;

  @Field(() => Role, { nullable: true, description: 'Who holds it, or a role that includes it.' })
  role?: Role | null;

  @Field(() => Boolean, { nullable: true, description: 'True: at least one second factor; false: none.' })
  hasMfa?: boolean | null;
}

@InputType('FactorFilter', ALL)
export class FactorFilterInput {
  @Field(() => ID, { nullable: true })
  userId?: string | null;

  @Field(() => [factorKindEnum], { nullable: true })
  kinds?: string[] | null;

  @Field(() => DateTime, { nullable: true, description: 'Neither used nor added since then.' })
  notUsedSince?: Date | null;
}

@InputType('AuditEventFilter', ALL)
export class AuditEventFilterInput {
  @Field(() => ID, { nullable: true, description: 'Whose account it concerns.' })
  userId?: string | null;

  @Field(() => [AuditEventType], { nullable: true })
  types?: AuditEventType[] | null;

  @Field(() => AuditOutcome, { nullable: true })
  outcome?: AuditOutcome | null;

  @Field(() => DateTime, { nullable: true, description: 'From then on.' })
  since?: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'Before then.' })
  until?: Date | null;

  @Field(() => Ip, { nullable: true })
  ipAddress?: string | null;

  @Field(() => ID, { nullable: true })
  flowId?: string | null;
}
