/**
 * The factors that users have enrolled, and the list of kinds that there are. What a kind does is in its folder under
 * `kinds/`; what all kinds share is in `contract/`.
 */
import type { Feature } from '../../kernel';
import { FactorEntity } from './factor.entity';
import { FactorByBackupCode1767225620000 } from './migrations/1767225620000-factor-by-backup-code';
import { Factor1767225605000 } from './migrations/1767225605000-factor';
import { factorKinds } from './registry';

export * from './contract';
export * from './factors.service';
export * from './proof-input.graphql';
export * from './registry';
export * from './temporary-codes.service';

export const factorsFeature: Feature = {
  name: 'factors',
  settings: factorKinds.flatMap((module) => [...module.settings]),
  entities: [FactorEntity, ...factorKinds.flatMap((module) => [...module.entities])],
  migrations: [
    Factor1767225605000,
    FactorByBackupCode1767225620000,
    ...factorKinds.flatMap((module) => [...module.migrations]),
  ],
  resolvers: factorKinds.flatMap((module) => [...module.graphql.resolvers]),
  orphanedTypes: factorKinds.flatMap((module) => [...module.graphql.orphanedTypes]),
};
