/**
 * PostgreSQL inside this process (PGlite), for development, demos and tests: the same SQL, no server. It has one
 * session, so `Backend` lends it to one connection at a time, and TypeORM talks to it through the real `pg`.
 * `lockFolder` keeps a second gateway off the data folder, and lets the command line hand its commands to the
 * gateway that holds it. What was committed survives `kill -9`, but not power loss.
 */
export { type Embedded, type EmbeddedOptions, openEmbedded } from './open';
export type { HandleCommand } from './folder-commands';
export { type FolderHeld, type FolderLock, askHolder, lockFolder } from './folder-lock';
