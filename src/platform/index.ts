/**
 * The outside world behind small interfaces: database, bell, keys, clock, chance, log, HTTP and GraphQL plumbing.
 * It knows no word of authentication. Only this folder reads the clock, chance and the environment.
 */
export * from './clock';
export * from './database';
export * from './graphql';
export * from './http';
export * from './keyring';
export * from './pubsub';
export * from './schedule';
export * from './telemetry';
