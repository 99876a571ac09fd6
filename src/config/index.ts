/** Reads all settings once from the environment, reports every fault together, and prints the reference from them. */
export * from './describe';
export * from './load';
