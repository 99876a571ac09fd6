/**
 * The engine that asks and judges. It issues challenges, counts attempts, lets them expire, consumes answers, settles,
 * sends, audits and publishes, the same for every kind of factor; a kind only gives verdicts. A flow is told through
 * `FlowPort`; no other code decides that a second factor was proven.
 */
import type { Feature } from '../../kernel';
import { ChallengeEntity } from './challenge.entity';

export * from './answers.service';
export * from './challenge';
export * from './challenges.service';
export { CHALLENGE_COLUMNS, challengeOf } from './challenges.store';
export * from './device-answers.service';
export type { EngineDeps } from './engine';
export * from './flow-port';
export * from './proof';

export const challengesFeature: Feature = { name: 'challenges', entities: [ChallengeEntity] };
