/**
 * What crosses features: the signed-in user with factors and sessions, adding factors, signing out, provisioning users,
 * and what a page must know beforehand. Nothing below knows of it.
 */
import type { Feature } from '../../kernel';
import { AccountResolver } from './account.graphql';
import { EnrollmentResolver } from './enrollment.graphql';
import { GatewayResolver } from './gateway.graphql';
import { UserFieldsResolver } from './user.graphql';

export * from './account.graphql';
export * from './account.service';
export * from './enrollment.graphql';
export * from './enrollment-access.service';
export * from './gateway.graphql';
export * from './user.graphql';

export const accountFeature: Feature = {
  name: 'account',
  resolvers: [AccountResolver, EnrollmentResolver, GatewayResolver, UserFieldsResolver],
};
