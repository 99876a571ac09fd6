/**
 * A way back in for who has lost every second factor: asked for with the password proven, approved by different people of the
 * help desk after checking who it is, held back for a waiting period in which the owner is told everywhere and can stop it,
 * and ended by a temporary code that leads to a new factor. Nothing of the account changes before that factor is there.
 */
import type { Feature } from '../../kernel';
import { Recovery1767225630500 } from './migrations/1767225630500-recovery';
import { RecoveryResolver } from './recovery-resolver.graphql';
import { RecoveryDecisionEntity, RecoveryRequestEntity } from './recovery.entity';
import { RecoveryDecisionFieldsResolver, RecoveryFieldsResolver } from './recovery.graphql';

export * from './recovery';
export * from './recovery-codes.service';
export * from './recovery-completion.service';
export * from './recovery-decisions.service';
export * from './recovery-notices.service';
export * from './recovery-progress.service';
export * from './recovery-requests.service';
export * from './recovery-resolver.graphql';
export * from './recovery.graphql';
export * from './recovery.routes';

export const recoveryFeature: Feature = {
  name: 'recovery',
  entities: [RecoveryRequestEntity, RecoveryDecisionEntity],
  migrations: [Recovery1767225630500],
  resolvers: [RecoveryResolver, RecoveryFieldsResolver, RecoveryDecisionFieldsResolver],
};
