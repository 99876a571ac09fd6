import 'reflect-metadata';
import closeWithGrace from 'close-with-grace';
import { createApp, type App } from './app';
import { runCommand } from './commands';
import { SettingsError, loadConfig } from './config';
import { seedDemo } from './demo';
import { usersSettings } from './features/users';
import { settingsSlices } from './features';
import { openInfrastructure, type Infrastructure } from './infrastructure';
import { databaseSettings } from './platform';
import { createServer } from './server';
import { welcome } from './welcome';

/** Starts the gateway and serves until it is told to stop. */
export async function serve(environment: NodeJS.ProcessEnv): Promise<void> {
  const config = loadConfig(settingsSlices, environment);
  const isEmbedded = config.of(databaseSettings).url === undefined;
  const infrastructure = await openInfrastructure(config);
  const app = await createApp(infrastructure);
  const server = await createServer(app);
  const { demoPassword } = config.of(usersSettings);
  if (isEmbedded) await seedDemo(app.accounts, demoPassword);
  app.start();
  serveCommands(infrastructure, app);
  const { url } = await server.listen();
  process.stdout.write(welcome(url, config.isProduction, isEmbedded ? demoPassword : undefined));
  closeWithGrace({ delay: 35_000 }, async ({ err }) => {
    if (err) app.log.fatal({ error: err.message, stack: err.stack }, 'unexpected error, stopping');
    await server.close();
  });
}

/** Who holds the embedded database runs the commands of others on it. */
function serveCommands({ lock }: Infrastructure, app: App): void {
  lock?.serve((command, write) => runCommand(app, command, write));
}

/** Faults of settings and of the start are one readable text, not a stack. */
export function reportAndExit(error: unknown): never {
  const text =
    error instanceof SettingsError
      ? error.message
      : error instanceof Error
        ? (error.stack ?? error.message)
        : String(error);
  process.stderr.write(`${text}\n`);
  process.exit(1);
}

if (require.main === module) serve(process.env).catch(reportAndExit);
