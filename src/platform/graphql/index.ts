/** GraphQL plumbing that every feature shares: request context, guards, payloads with `errors`, inputs and scalars. */
export * from './context';
export * from './input';
export * from './payload';
export * from './scalars';
