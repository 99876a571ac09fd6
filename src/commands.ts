import type { App } from './app';
import { seedDemo } from './demo';
import { usersSettings } from './features/users';
import { ERROR_CODES, Refusal, type Role } from './kernel';

export type Write = (line: string) => void;

/**
 * Commands that need a running app: handed to the gateway that holds the embedded database, or run on an app of their own.
 * Gives the exit code.
 */
export async function runCommand(app: App, command: readonly string[], write: Write): Promise<number> {
  const [noun, verb, ...rest] = command;
  const run = COMMANDS[`${noun ?? ''} ${verb ?? ''}`];
  if (!run) {
    write(`no such command: ${command.join(' ')}`);
    return 2;
  }
  try {
    return await run(app, rest, write);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    write(shown(error));
    return 1;
  }
}

type Command = (app: App, rest: readonly string[], write: Write) => Promise<number>;

const COMMANDS: Readonly<Record<string, Command>> = {
  'keys rotate': async (app, _, write) => {
    write(`published ${await app.signingKeys.rotate()}; it signs once every service can have fetched it`);
    return 0;
  },
  'keys list': async (app, _, write) => {
    for (const key of (await app.signingKeys.jwks()).keys) write(String(key.kid));
    return 0;
  },
  'keys revoke': async (app, [kid = ''], write) => {
    const isRevoked = await app.signingKeys.revoke(kid);
    write(isRevoked ? `revoked ${kid}: what it signed is refused from now on` : `no key ${kid}`);
    return isRevoked ? 0 : 1;
  },
  'user create': async (app, [email = '', role = 'USER', password], write) => {
    const roles: Role[] =
      role === 'ADMIN'
        ? ['USER', 'HELP_DESK', 'ADMIN']
        : role === 'HELP_DESK'
          ? ['USER', 'HELP_DESK']
          : ['USER'];
    const user = await app.accounts.provision({ email, roles, password, isEmailVerified: true }, null, null);
    write(`${user.id} ${user.email}`);
    return 0;
  },
  'seed demo': async (app, _, write) => {
    if (app.config.isProduction)
      throw new Refusal('INVALID_INPUT', { message: 'There are no demo users in production.' });
    const made = await seedDemo(app.accounts, app.config.of(usersSettings).demoPassword);
    write(made.length > 0 ? made.join('\n') : 'all there already');
    return 0;
  },
  'audit verify': async (app, _, write) => {
    const { events, unsealed, faults } = await app.sealer.verify();
    write(`${String(events)} events, ${String(unsealed)} not yet sealed`);
    for (const fault of faults) write(`FAULT ${fault}`);
    return faults.length === 0 ? 0 : 1;
  },
};

const shown = (refusal: Refusal): string =>
  refusal.faults.map((fault) => `${fault.code}: ${fault.message ?? ERROR_CODES[fault.code][1]}`).join('\n');
