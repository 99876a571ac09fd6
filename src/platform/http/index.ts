/** HTTP facts that features and server share: where a request comes from, and the plain routes a feature may bring. */
export * from './client-context';
export * from './http.config';
export * from './page';
export * from './places';
export * from './route';
