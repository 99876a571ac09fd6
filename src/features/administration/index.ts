/**
 * What help desk and administrators do: with the policy, and with accounts that are not their own. Every use case asks for the
 * role and a fresh step-up, records who did it and why, and tells the user. Nobody acts on themselves or on a higher role.
 */
import type { Feature } from '../../kernel';
import {
  AuditEventFieldsResolver,
  PolicyFieldsResolver,
  PolicyImpactResolver,
  PolicyResolver,
} from './policy-resolver.graphql';

export * from './connections.graphql';
export * from './policy-administration.service';
export * from './policy-resolver.graphql';
export * from './policy-tables';

export const administrationFeature: Feature = {
  name: 'administration',
  resolvers: [PolicyResolver, PolicyFieldsResolver, PolicyImpactResolver, AuditEventFieldsResolver],
};
