/**
 * Everything that a kind of factor may see of the gateway's sign-in machinery. A kind issues questions and judges
 * answers; the engine counts attempts, lets challenges expire, consumes them, sends, audits and publishes.
 */
export * from './challenge.graphql';
export type * from './challenge-view';
export * from './client-context.graphql';
export * from './code-setup.graphql';
export * from './device-port';
export * from './factor.graphql';
export * from './factor-kind';
export type * from './factor-ref';
export * from './portability';
export * from './qr-code.graphql';
export * from './send-limits';
export * from './sent-code';
export * from './written-code';
