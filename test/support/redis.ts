import { join } from 'node:path';
import { ServerProcess, findPrograms, freePort, temporaryFolder } from './server-process';

export interface RedisServer {
  readonly url: string;
  /** Ends it as a crash would; its address stays the same for `restart`. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export const findRedis = (): string | undefined => {
  const folder = findPrograms(['redis-server']);
  return folder === undefined ? undefined : join(folder, 'redis-server');
};

/** Starts a throwaway Redis on a free port that keeps nothing on disk; nothing if Redis is not installed. */
export async function startRedis(): Promise<RedisServer | undefined> {
  const program = findRedis();
  if (program === undefined) return undefined;
  const port = String(await freePort());
  const start = (): Promise<ServerProcess> =>
    ServerProcess.start({
      folder: temporaryFolder('redis'),
      command: [program, '--port', port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
      stopSignal: 'TERM',
    });
  let server = await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    kill: async () => {
      server.crash();
      await server.stop();
    },
    restart: async () => {
      server = await start();
    },
    stop: () => server.stop(),
  };
}
