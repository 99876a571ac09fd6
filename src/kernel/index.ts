/**
 * The words that every folder shares: clock, ids, errors, assurance levels, settings and the feature manifest.
 * No input or output happens here, and nothing of ours is imported.
 */
export * from './assurance';
export * from './clock';
export * from './email-address';
export * from './errors';
export * from './feature';
export * from './flow-words';
export * from './ids';
export * from './settings';
