/**
 * Secrets at rest. `Keyring` seals values so that a ciphertext opens only in the row it was made for, and makes keyed
 * hashes. Keys have versions: the newest seals, every listed one opens.
 */
export * from './keyring';
export * from './keyring.config';
