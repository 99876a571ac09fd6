/**
 * The bell. It only says "this thing changed": whoever waits reads the state from the database.
 * A bell that is lost costs at most three seconds, because every process also looks (`Watcher`).
 */
export * from './bus';
export * from './in-process-bus';
export * from './redis-bus';
export * from './redis.config';
export * from './watcher';
