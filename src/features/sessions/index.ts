/**
 * Sessions and their tokens. One function opens a session, and it takes a `SessionGrant`, which only
 * `auth-flow` makes. Access tokens are ES256 JWTs that any service verifies with the published keys; refresh
 * tokens are opaque, used once, and stored as hashes only. A session that was ended is refused here at once,
 * by services within a token's life. Called by `auth-flow` (open, raise), `account` (list, end) and the
 * server (who calls).
 */
import type { Feature } from '../../kernel';
import { Sessions1767225611000 } from './migrations/1767225611000-sessions';
import { SpentStepUp1767225626000 } from './migrations/1767225626000-spent-step-up';
import { RefreshTokenEntity, SessionEntity } from './session.entity';
import { sessionSettings } from './sessions.config';
import { TokensResolver } from './sessions.graphql';
import { SigningKeyEntity } from './signing-key.entity';

export * from './access-tokens.service';
export { RefreshTokens, type OnReuse } from './refresh-tokens.service';
export * from './session';
export * from './session-grant';
export * from './sessions.config';
export * from './sessions.graphql';
export * from './sessions.routes';
export * from './sessions.service';
export * from './signing-keys.service';
export * from './token-cookies';

export const sessionsFeature: Feature = {
  name: 'sessions',
  settings: [sessionSettings],
  entities: [SessionEntity, RefreshTokenEntity, SigningKeyEntity],
  migrations: [Sessions1767225611000, SpentStepUp1767225626000],
  resolvers: [TokensResolver],
};
