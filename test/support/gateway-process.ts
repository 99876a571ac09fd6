import { join } from 'node:path';
import { ServerProcess, freePort, temporaryFolder } from './server-process';
import { GatewayClient, PUBLIC_URL, type World } from './world';

const SOURCES = join(__dirname, '../../src/main.ts');
const COMPILER = join(__dirname, 'typescript.cjs');

/** A gateway as it is deployed: a process of its own on the servers of a world, which must be in real time. */
export class GatewayProcess extends GatewayClient {
  private constructor(
    readonly port: number,
    private readonly server: ServerProcess,
  ) {
    super(`http://127.0.0.1:${String(port)}`);
  }

  static async start(world: World): Promise<GatewayProcess> {
    const port = await freePort();
    const server = await ServerProcess.start({
      folder: temporaryFolder('gateway'),
      command: [process.execPath, '--no-warnings', '--require', COMPILER, SOURCES],
      stopSignal: 'TERM',
      ready: new RegExp(`:${String(port)}\\b`),
      environment: {
        DATABASE_URL: world.databaseUrl ?? '',
        REDIS_URL: world.redisUrl ?? '',
        KEYRING: world.keyringLine,
        PUBLIC_URL,
        PORT: String(port),
        LOG_LEVEL: 'warn',
      },
    });
    return new GatewayProcess(port, server);
  }

  /** As `docker stop` does; settles when it has ended. */
  stop(): Promise<void> {
    return this.server.stop();
  }

  /** As `kill -9` does. */
  crash(): Promise<void> {
    this.server.crash();
    return this.server.stop();
  }
}
