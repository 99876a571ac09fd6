#!/usr/bin/env node
/** The command `factorgate`: serve, migrate, keys, users, import, export, policy, audit, and a phone and an authenticator app for the terminal. */
import { Command } from 'commander';
import { VERSION } from '../version';
import { registerDeviceCommands } from './device';
import { registerTotpCommand } from './totp';

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** The gateway itself is loaded by the commands that need it: a phone in the terminal answers at once. */
const gateway = () => import('./gateway-commands.js');

function buildProgram(): Command {
  const program = new Command('factorgate').description('GraphQL identity gateway').version(VERSION);
  program
    .command('serve')
    .description('start the gateway')
    .action(async () => (await import('../main.js')).serve(process.env));
  program
    .command('migrate')
    .description('bring the database schema up to date (MIGRATION_DATABASE_URL or DATABASE_URL)')
    .action(async () => (await gateway()).migrateSchema(print));

  const keys = program.command('keys').description('keys of the gateway');
  keys
    .command('new')
    .description('print a fresh KEYRING line')
    .action(async () => (await gateway()).newKeyring(print));
  keys
    .command('rotate')
    .description('publish a new signing key; it signs after the overlap')
    .action(() => perform(['keys', 'rotate']));
  keys
    .command('list')
    .description('list the published signing keys')
    .action(() => perform(['keys', 'list']));
  keys
    .command('revoke <kid>')
    .description('withdraw a signing key at once')
    .action((kid: string) => perform(['keys', 'revoke', kid]));

  program
    .command('user')
    .description('accounts')
    .command('create <email>')
    .description('make a user; the password is read from standard input')
    .option('--role <role>', 'user, help_desk or admin', 'user')
    .action(async (email: string, { role }: { role: string }) =>
      perform(['user', 'create', email, role.toUpperCase(), (await gateway()).passwordFromInput()]),
    );
  registerPortabilityCommands(program);
  registerAuditCommands(program);
  registerWebhookCommands(program);
  registerPolicyCommands(program);
  program
    .command('seed')
    .description('example data')
    .command('demo')
    .description('make the demo users, outside production')
    .action(() => perform(['seed', 'demo']));
  program
    .command('generate')
    .description('print schema.graphql, .env.example and docs/reference from the code')
    .option('--check', 'only say what would change, and fail if anything would')
    .action(async ({ check }: { check?: boolean }) => {
      process.exitCode = (await import('./generate.js')).generate(check ?? false, print);
    });
  program
    .command('prepare-data <file>', { hidden: true })
    .action(async (file: string) => (await gateway()).prepare(file));
  registerDeviceCommands(program);
  registerTotpCommand(program);
  return program;
}

function registerPortabilityCommands(program: Command): void {
  const portability = () => import('./portability-commands.js');
  program
    .command('import <file>')
    .description('take users over from a file, one per line, with passwords and factors')
    .option('--dry-run', 'only say what is wrong with the file')
    .option('--key <file>', 'private JWK that an encrypted export was made for')
    .action(async (file: string, options: { dryRun?: boolean; key?: string }) =>
      (await portability()).importFile(file, options, print),
    );
  program
    .command('export')
    .description('print all users with passwords and factors, encrypted to a public key')
    .requiredOption('--recipient <jwk>', 'public JWK, or a file with it')
    .option('--user <email>', 'only this one')
    .action(async ({ recipient, user }: { recipient: string; user?: string }) =>
      (await portability()).exportUsers(recipient, user, print),
    );
}

function registerAuditCommands(program: Command): void {
  const audit = program.command('audit').description('audit log');
  audit
    .command('verify')
    .description('check the seals over the whole log')
    .action(() => perform(['audit', 'verify']));
  audit
    .command('export')
    .description('print the log, the oldest event first')
    .option('--format <format>', 'ndjson or csv', 'ndjson')
    .option('--since <time>', 'for example 2026-11-24 or 2026-11-24T09:30:00Z', '')
    .option('--until <time>', 'without this instant', '')
    .option('--type <types>', 'for example sign_in.completed, several joined by commas', '')
    .option('--user <id>', 'whose account the events concern', '')
    .action(({ format, since, until, type, user }: Record<string, string>) =>
      perform(['audit', 'export', format ?? '', since ?? '', until ?? '', type ?? '', user ?? '']),
    );
  audit
    .command('prune')
    .description('remove whole sealed batches older than a date, 30 days ago or earlier')
    .requiredOption('--before <date>', 'for example 2026-10-01')
    .action(({ before }: { before: string }) => perform(['audit', 'prune', before]));
}

function registerWebhookCommands(program: Command): void {
  const webhooks = program.command('webhooks').description('who else hears of events');
  webhooks
    .command('add <url>')
    .description('send events to an address; prints the secret that they are signed with')
    .option('--events <types>', 'for example sign_in.completed,factor.removed; default: all', '')
    .action((url: string, { events }: { events: string }) => perform(['webhooks', 'add', url, events]));
  webhooks
    .command('list')
    .description('list the addresses and how they do')
    .action(() => perform(['webhooks', 'list']));
  const onOne = (verb: string, description: string): void =>
    void webhooks
      .command(`${verb} <id>`)
      .description(description)
      .action((id: string) => perform(['webhooks', verb, id]));
  onOne('rotate', 'make a new secret; for 24 hours both sign');
  onOne('pause', 'send nothing until it is resumed; events wait');
  onOne('resume', 'send again, also after it was parked');
  onOne('remove', 'forget an address and what it had still to hear');
  onOne('test', 'send a test event now');
  webhooks
    .command('redeliver <id>')
    .description('send events once more')
    .requiredOption('--since <time>', 'at most 30 days ago, for example 2026-11-24T09:30:00Z')
    .action((id: string, { since }: { since: string }) => perform(['webhooks', 'redeliver', id, since]));
}

function registerPolicyCommands(program: Command): void {
  const policy = program.command('policy').description('what sign-ins demand');
  policy
    .command('check <file>')
    .description('say what a policy file demands, or all that is wrong with it; needs no gateway')
    .action(async (file: string) => (await gateway()).checkPolicyFile(file, print));
  policy
    .command('show')
    .description('print the policy in force, as a file')
    .action(() => perform(['policy', 'show']));
  const withFile = async (verb: string, file: string, ...more: string[]): Promise<void> => {
    const text = (await gateway()).policyText(file, print);
    if (text !== undefined) await perform(['policy', verb, text, file, ...more]);
  };
  policy
    .command('preview <file>')
    .description('count whom a policy file would hit')
    .action((file: string) => withFile('preview', file));
  policy
    .command('replay <file>')
    .description('say which past sign-ins would have met something else')
    .requiredOption('--since <date>', 'for example 2026-11-24 or 2026-11-24T09:30:00Z')
    .action((file: string, { since }: { since: string }) => withFile('replay', file, since));
  policy
    .command('apply <file>')
    .description('put a policy file into force')
    .action((file: string) => withFile('apply', file));
}

const perform = async (command: string[]): Promise<void> => (await gateway()).perform(command, print);

buildProgram()
  .parseAsync()
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
