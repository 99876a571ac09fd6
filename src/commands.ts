import type { App } from './app';
import { seedDemo } from './demo';
import { impactTable, replayTable } from './features/administration';
import {
  AuditEventType,
  EXPORT_FORMATS,
  answerLine,
  endpointLine,
  isTaken,
  secretLines,
  webhookType,
} from './features/events';
import { parsePolicyFile, policySummary, printPolicyFile } from './features/policy';
import { readRecipient, wordsOn, type NumberedLine } from './features/portability';
import { usersSettings } from './features/users';
import { ERROR_CODES, Refusal, type Role } from './kernel';
import { sha256 } from './platform';

/** What it gives may be waited for: long outputs come as fast as they are taken. */
export type Write = (line: string) => unknown;

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
  /** Gives its counts as the last line, in JSON. */
  'import lines': async (app, [mode = '', piece = '[]'], write) => {
    const counts = { imported: 0, skipped: 0, faulty: 0 };
    for (const [number, text] of JSON.parse(piece) as NumberedLine[]) {
      const result = await app.imports.importLine(text, mode !== 'real');
      counts[result.outcome] += 1;
      for (const words of wordsOn(number, result)) await write(words);
    }
    await write(JSON.stringify(counts));
    return 0;
  },
  /** One page of encrypted lines, and as the last line where the next one begins. */
  'export page': async (app, [jwk = '', after = '', email = ''], write) => {
    const recipient = await readRecipient(jwk);
    if ('fault' in recipient) throw new Refusal('INVALID_INPUT', { message: recipient.fault });
    const page = await app.exports.page(recipient.seal, after, EXPORTED_MAX, email || null);
    for (const line of page.lines) await write(line);
    await write(JSON.stringify({ next: page.next }));
    return 0;
  },
  'audit verify': async (app, _, write) => {
    const { events, unsealed, pruned, faults } = await app.sealer.verify();
    write(`${String(events)} events, ${String(unsealed)} not yet sealed`);
    if (pruned)
      write(`${String(pruned.events)} older ones, sealed until ${pruned.until.toISOString()}, were pruned`);
    for (const fault of faults) write(`FAULT ${fault}`);
    return faults.length === 0 ? 0 : 1;
  },
  'audit export': async (app, [format = '', since = '', until = '', types = '', userId = ''], write) => {
    const chosen = EXPORT_FORMATS.find((known) => known === format);
    if (!chosen) throw new Refusal('INVALID_INPUT', { message: `Formats are ${EXPORT_FORMATS.join(', ')}.` });
    const filter = {
      since: since ? instantOf(since) : undefined,
      until: until ? instantOf(until) : undefined,
      types: types ? types.split(',').map(auditTypeOf) : undefined,
      userId: userId || undefined,
    };
    for await (const line of app.auditExport.lines(chosen, filter)) await write(line);
    return 0;
  },
  'audit prune': async (app, [before = ''], write) => {
    const { events, until, faults } = await app.retention.prune(instantOf(before));
    for (const fault of faults) write(`FAULT ${fault}`);
    if (faults.length > 0) write('nothing was removed: what was tampered with is kept');
    else
      write(
        until ? `removed ${String(events)} events, sealed until ${until.toISOString()}` : 'nothing so old',
      );
    return faults.length === 0 ? 0 : 1;
  },
  'webhooks add': async (app, [url = '', types = ''], write) => {
    const { endpoint, secret } = await app.webhooks.add(url, types ? types.split(',') : []);
    for (const line of secretLines(endpoint, secret)) write(line);
    return 0;
  },
  'webhooks list': async (app, _, write) => {
    for (const endpoint of await app.webhooks.list()) write(endpointLine(endpoint));
    return 0;
  },
  'webhooks rotate': async (app, [id = ''], write) => {
    const { endpoint, secret } = await app.webhooks.rotate(id);
    for (const line of secretLines(endpoint, secret)) write(line);
    write('For 24 hours both secrets sign.');
    return 0;
  },
  'webhooks remove': async (app, [id = ''], write) => {
    write(`removed ${(await app.webhooks.remove(id)).url}`);
    return 0;
  },
  'webhooks pause': async (app, [id = ''], write) => {
    write(endpointLine(await app.webhooks.pause(id)));
    return 0;
  },
  'webhooks resume': async (app, [id = ''], write) => {
    write(endpointLine(await app.webhooks.resume(id)));
    return 0;
  },
  'webhooks redeliver': async (app, [id = '', since = ''], write) => {
    write(`${String(await app.webhooks.redeliver(id, instantOf(since)))} events will be sent again`);
    return 0;
  },
  'webhooks test': async (app, [id = ''], write) => {
    const answer = await app.webhooks.test(id);
    write(answerLine(answer));
    return isTaken(answer) ? 0 : 1;
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
    const impact = await app.policyTrials.preview(parsed.values);
    for (const line of impactTable(impact)) write(line);
    const page = { first: SHOWN_MAX, after: null };
    const { rows, hasNextPage } = await app.policyTrials.lockedOut(impact, page);
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
    const replay = await app.policyTrials.replay(parsed.values, from, SHOWN_MAX);
    for (const line of replayTable(replay)) write(line);
    return 0;
  },
};

/** Users in one page of an export. */
const EXPORTED_MAX = 100;
/** Users and sign-ins that are listed one by one. */
const SHOWN_MAX = 20;

function faulty(faults: readonly string[], file: string, write: Write): number {
  for (const fault of faults) write(`${file}:${fault}`);
  return 1;
}

function instantOf(text: string): Date {
  const instant = new Date(text);
  if (!Number.isNaN(instant.getTime())) return instant;
  throw new Refusal('INVALID_INPUT', {
    message: `No date or time: ${text}; for example 2026-11-24 or 2026-11-24T09:30:00Z.`,
  });
}

/** In the log's words or in those of webhooks. */
function auditTypeOf(text: string): AuditEventType {
  const types = Object.keys(AuditEventType) as AuditEventType[];
  const type = types.find((known) => known === text.trim() || webhookType(known) === text.trim());
  if (type) return type;
  throw new Refusal('INVALID_INPUT', { message: `There is no event ${text.trim()}.` });
}

const shown = (refusal: Refusal): string =>
  refusal.faults.map((fault) => `${fault.code}: ${fault.message ?? ERROR_CODES[fault.code][1]}`).join('\n');
