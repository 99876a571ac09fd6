/**
 * How often something may be tried. Every limit stands in one table (`limit-rules.ts`), every counter in PostgreSQL,
 * and a try is charged and committed before it is looked at. Losing Redis or a process resets nothing.
 */
import type { Feature } from '../../kernel';
import { LimitCounterEntity } from './limit-counter.entity';
import { LimitCounter1767225602000 } from './migrations/1767225602000-limit-counter';

export * from './limit-rules';
export * from './limits.service';
export { guessCharge } from './limits.store';

export const limitsFeature: Feature = {
  name: 'limits',
  entities: [LimitCounterEntity],
  migrations: [LimitCounter1767225602000],
};
