/**
 * What an organisation demands of its sign-ins. Facts go in, findings come out of small pure rules, and `decide` folds
 * them into one decision that every way in asks for. The policy is versioned in the database; deadlines to enroll are
 * written once, by the database's clock. If the policy cannot be read, a second factor is required.
 */
import type { Feature } from '../../kernel';
import { PolicyEntity } from './policy.entity';
import { SeenPlaceEntity } from './seen-place.entity';
import { policySettings } from './policy.config';
import { Policy1767225622000 } from './migrations/1767225622000-policy';

export * from './decide';
export * from './enforced';
export * from './facts';
export * from './policies.service';
export * from './policy';
export * from './policy.config';
export * from './policy-file';
export * from './policy-reference';
export * from './policy-summary';
export * from './policy-values';
export * from './recorded-facts';

export const policyFeature: Feature = {
  name: 'policy',
  settings: [policySettings],
  entities: [PolicyEntity, SeenPlaceEntity],
  migrations: [Policy1767225622000],
};
