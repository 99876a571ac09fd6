import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { freePort } from './server-process';

const MAIN = join(__dirname, '../../dist/main.js');

/** A gateway in a process of its own, as in production: the built program. */
export class ChildGateway {
  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
  ) {}

  static async start(environment: Readonly<Record<string, string>>): Promise<ChildGateway> {
    const port = String(await freePort());
    const child = spawn(process.execPath, [MAIN], {
      env: {
        PATH: process.env['PATH'],
        LOG_LEVEL: 'warn',
        PORT: port,
        PUBLIC_URL: 'http://localhost:4000',
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise<void>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`the gateway ended at its start with ${String(code)}`)));
      child.stdout.on('data', (text: Buffer) => {
        if (text.toString().includes('is ready')) resolve();
      });
    });
    return new ChildGateway(`http://127.0.0.1:${port}`, child);
  }

  /** The payload of a mutation, or nothing if the process went away before it answered. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the shape is what the operation asks for
  async mutate(name: string, input: object, selection: string, authorization?: string): Promise<any> {
    const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
    const query = `mutation($input: ${type}!) { ${name}(input: $input) { ${selection} errors { code } } }`;
    const response = await fetch(`${this.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(authorization && { authorization }) },
      body: JSON.stringify({ query, variables: { input } }),
    }).then(
      (reply) => reply.json() as Promise<{ data: Record<string, unknown>; errors?: unknown }>,
      () => undefined,
    );
    if (response?.errors) throw new Error(JSON.stringify(response.errors));
    return response?.data[name];
  }

  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Asks it to stop, and says how long that took. */
  async stop(): Promise<number> {
    const begun = performance.now();
    await this.end('SIGTERM');
    return performance.now() - begun;
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill(signal);
    await gone;
  }
}
