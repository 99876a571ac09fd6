/**
 * What a sign-in needs. Facts go in, findings come out of small pure rules, and `decide` folds them into one decision.
 * Every way in asks this one function.
 */
import type { Feature } from '../../kernel';
import { policySettings } from './policy.config';

export * from './decide';
export * from './facts';
export * from './policy.config';

export const policyFeature: Feature = { name: 'policy', settings: [policySettings] };
