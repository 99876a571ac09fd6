import { Pool, type PoolConfig, defaults } from 'pg';
import type { PgShaped } from '../data-source';
import type { Backend } from './backend';
import { BackendSocket } from './backend-socket';

/** What TypeORM's `driver` option takes in place of `pg`: `pg` itself, whose connections end at the backend. */
export function embeddedDriver(backend: Backend): PgShaped {
  return { Pool: poolOn(backend), defaults };
}

const poolOn = (backend: Backend) =>
  class EmbeddedPool extends Pool {
    constructor(options: PoolConfig = {}) {
      super({
        ...options,
        // Nothing of the environment (PGHOST, PGSSLMODE) may lead elsewhere.
        connectionString: undefined,
        host: 'embedded',
        ssl: false,
        stream: () => new BackendSocket(backend),
        // A connection costs nothing, and the backend has the one queue with a limit.
        max: Infinity,
        connectionTimeoutMillis: 0,
        allowExitOnIdle: true,
      });
      this.on('release', (_error, client) => {
        // A transaction that its user did not end must not go on in the hands of the next one.
        if (client.getTransactionStatus() !== 'I') client.query('ROLLBACK').catch(() => undefined);
      });
    }
  };
