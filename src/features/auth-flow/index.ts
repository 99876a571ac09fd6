/**
 * From a first factor to a session. A flow is one row moved by one table of transitions (`transitions.ts`); every way in
 * passes the policy's one decision, and the one door to a session is `SessionOpener`. Challenges and enrollments reach a
 * flow through `FlowPort`; login screens follow it through one subscription.
 */
import type { Feature } from '../../kernel';
import { AddressFlowResolver } from './address-flow-resolver.graphql';
import { AuthFlowFieldsResolver } from './auth-flow.graphql';
import { AuthFlowResolver } from './auth-flow-resolver.graphql';
import { AuthFlowEntity } from './auth-flow.entity';
import { authFlowSettings } from './auth-flow.config';
import { AddressFlows1767225618000 } from './migrations/1767225618000-address-flows';
import { Decisions1767225625000 } from './migrations/1767225625000-decisions';
import { AuthFlow1767225608000 } from './migrations/1767225608000-auth-flow';

export * from './address-flow-resolver.graphql';
export * from './address-flows.service';
export * from './auth-flow.config';
export * from './auth-flow.graphql';
export * from './auth-flow-resolver.graphql';
export { flowVersions } from './auth-flow.store';
export * from './begin-flow.service';
export * from './flow';
export * from './flow-ending.service';
export * from './flow-steps.service';
export * from './flows.service';
export * from './new-passwords.service';
export * from './pending-flows.service';
export * from './session-opener.service';
export * from './sign-in.service';
export * from './step-up.service';
export * from './transitions';

export const authFlowFeature: Feature = {
  name: 'auth-flow',
  settings: [authFlowSettings],
  entities: [AuthFlowEntity],
  migrations: [AuthFlow1767225608000, AddressFlows1767225618000, Decisions1767225625000],
  resolvers: [AuthFlowResolver, AddressFlowResolver, AuthFlowFieldsResolver],
};
