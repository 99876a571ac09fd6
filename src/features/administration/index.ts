/**
 * What help desk and administrators do: with the policy, and with accounts that are not their own. Every use case asks for the
 * role and a fresh step-up, records who did it and why, and tells the user. Nobody acts on themselves or on a higher role.
 */
import type { Feature } from '../../kernel';
import { AuditEventFieldsResolver } from './audit-event-fields.graphql';
import { DailyStatisticsEntity } from './daily-statistics.entity';
import { FactorOwnerResolver, ListsResolver, UserActivityResolver } from './lists.graphql';
import { AdminQueries1767225641000 } from './migrations/1767225641000-admin-queries';
import { UserDeletion1767225642000 } from './migrations/1767225642000-user-deletion';
import { DailyStatistics1767225643000 } from './migrations/1767225643000-daily-statistics';
import { PolicyFieldsResolver, PolicyImpactResolver, PolicyResolver } from './policy-resolver.graphql';
import { StatisticsResolver } from './statistics.graphql';
import { UserAdministrationResolver } from './users.graphql';

export * from './audit-event-fields.graphql';
export * from './authority.service';
export * from './caller-check.service';
export * from './connections.graphql';
export * from './factor-reset.service';
export * from './lists.graphql';
export * from './lists.service';
export * from './pages';
export * from './policy-administration.service';
export * from './policy-trials.service';
export * from './policy-resolver.graphql';
export * from './policy-tables';
export * from './statistics.graphql';
export * from './statistics.service';
export * from './user-administration.service';
export * from './users.graphql';

export const administrationFeature: Feature = {
  name: 'administration',
  entities: [DailyStatisticsEntity],
  migrations: [AdminQueries1767225641000, UserDeletion1767225642000, DailyStatistics1767225643000],
  resolvers: [
    PolicyResolver,
    PolicyFieldsResolver,
    PolicyImpactResolver,
    AuditEventFieldsResolver,
    ListsResolver,
    UserActivityResolver,
    FactorOwnerResolver,
    StatisticsResolver,
    UserAdministrationResolver,
  ],
};
