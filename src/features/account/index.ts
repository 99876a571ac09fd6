/**
 * What crosses features: the signed-in user with factors and sessions, adding factors, signing out, provisioning users,
 * and what a page must know beforehand. Nothing below knows of it.
 */
import type { Feature } from '../../kernel';
import { AccountResolver } from './account.graphql';
import { EmailChangeResolver } from './email-change.graphql';
import { EnrollmentResolver } from './enrollment.graphql';
import { FactorsResolver } from './factors.graphql';
import { GatewayResolver } from './gateway.graphql';
import { KnownDevicesResolver } from './known-devices.graphql';
import { ReportResolver } from './reports.graphql';
import { ProfileResolver } from './profile.graphql';
import { SecurityEventsResolver } from './security-events.graphql';
import { UserFieldsResolver } from './user.graphql';

export * from './account.graphql';
export * from './account.service';
export * from './backup-code-sets.service';
export * from './email-change.graphql';
export * from './enrollment.graphql';
export * from './enrollment-access.service';
export * from './factor-management.service';
export * from './factors.graphql';
export * from './gateway.graphql';
export * from './known-devices.graphql';
export { BY_RECOVERY, BY_RESET } from './notice-texts';
export * from './notices.service';
export * from './report.routes';
export * from './reports.graphql';
export * from './reports.service';
export * from './profile.graphql';
export { Profile } from './profile.service';
export * from './administrator-notices.service';
export * from './security-events.graphql';
export * from './user.graphql';

export const accountFeature: Feature = {
  name: 'account',
  resolvers: [
    AccountResolver,
    EmailChangeResolver,
    EnrollmentResolver,
    FactorsResolver,
    GatewayResolver,
    KnownDevicesResolver,
    ReportResolver,
    SecurityEventsResolver,
    ProfileResolver,
    UserFieldsResolver,
  ],
};
