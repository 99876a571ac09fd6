/**
 * Who carries the messages. `choose-providers` makes them from the settings: outside production the dev
 * inbox takes what nobody else does; in production a channel without a provider is off, except push, which
 * phones can do without. SDKs are loaded with the first message.
 */
export * from './choose-providers';
export * from './dev-inbox';
export * from './no-push';
export * from './public-address';
