import type { App } from './app';
import { seedDemo } from './demo';
import { impactTable, replayTable } from './features/administration';
import { parsePolicyFile, policySummary, printPolicyFile } from './features/policy';
import { usersSettings } from './features/users';
import { ERROR_CODES, Refusal, type Role } from './kernel';
import { sha256 } from './platform';

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
  'policy show': async (app, _, write) => {
    const policy = await app.policies.current();
    write(`# Version ${String(policy.version)}, in force since ${policy.updatedAt.toISOString()}.`);
    write(printPolicyFile(policy).trimEnd());
    return 0;
  },
  'policy apply': async (app, [text = '', file = ''], write) => {
    const parsed = parsePolicyFile(text);
    if ('faults' in parsed) return faulty(parsed.faults, file, write);
    const { values } = parsed;
    // Where the policy in force cannot be read, this is how it is replaced.
    const current = await app.policies.find();
    if (current && printPolicyFile(current) === printPolicyFile(values)) {
      write(`version ${String(current.version)} in force says the same: nothing to do`);
      return 0;
    }
    const change = { values, basedOn: current?.version ?? null, fileHash: sha256(text), updatedBy: null };
    const { version } = await app.policies.change(change);
    for (const sentence of policySummary(values)) write(sentence);
    write(`version ${String(version)} is in force`);
    return 0;
  },
  'policy preview': async (app, [text = '', file = ''], write) => {
    const parsed = parsePolicyFile(text);
    if ('faults' in parsed) return faulty(parsed.faults, file, write);
    const impact = await app.policyAdministration.preview(parsed.values);
    for (const line of impactTable(impact)) write(line);
    const page = { first: SHOWN_MAX, after: null };
    const { rows, hasNextPage } = await app.policyAdministration.lockedOut(impact, page);
    for (const { id, email } of rows) write(`${id}  ${email}`);
    if (hasNextPage) write('…');
    return 0;
  },
  'policy replay': async (app, [text = '', file = '', since = ''], write) => {
    const parsed = parsePolicyFile(text);
    if ('faults' in parsed) return faulty(parsed.faults, file, write);
    const from = new Date(since);
    if (Number.isNaN(from.getTime())) {
      write(`no date or time: ${since}; for example 2026-11-24 or 2026-11-24T09:30:00Z`);
      return 2;
    }
    const replay = await app.policyAdministration.replay(parsed.values, from, SHOWN_MAX);
    for (const line of replayTable(replay)) write(line);
    return 0;
  },
};

/** Users and sign-ins that are listed one by one. */
const SHOWN_MAX = 20;

function faulty(faults: readonly string[], file: string, write: Write): number {
  for (const fault of faults) write(`${file}:${fault}`);
  return 1;
}

const shown = (refusal: Refusal): string =>
  refusal.faults.map((fault) => `${fault.code}: ${fault.message ?? ERROR_CODES[fault.code][1]}`).join('\n');
