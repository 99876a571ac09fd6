/**
 * Who carries the messages. Outside production the dev inbox takes all of them; in production a channel
 * without a configured provider is off, except push, which phones can do without.
 */
export * from './choose-providers';
export * from './dev-inbox';
export * from './no-push';
