#!/usr/bin/env node
/** The command `factorgate`: serve, migrate, keys, users, audit, and a phone and an authenticator app for the terminal. */
import 'reflect-metadata';
import { readFileSync, writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { createApp } from '../app';
import { loadConfig } from '../config';
import { seedDemo } from '../demo';
import { features, settingsSlices } from '../features';
import { usersSettings } from '../features/users';
import { openInfrastructure, prepareData } from '../infrastructure';
import { reportAndExit, serve } from '../main';
import { askHolder, dataSource, databaseSettings, migrate, newKeyringLine, systemChance } from '../platform';
import { VERSION } from '../version';
import { runCommand } from './commands';
import { registerDeviceCommands } from './device';
import { generate } from './generate';
import { registerTotpCommand } from './totp';

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** Runs a command in the gateway that holds the embedded database, or else on an app made for it. */
async function perform(command: string[]): Promise<void> {
  const config = loadConfig(settingsSlices, process.env);
  const { url, dataDir } = config.of(databaseSettings);
  const held = url ? undefined : await askHolder(dataDir, command, print);
  if (held !== undefined) return process.exit(held);
  const app = await createApp(await openInfrastructure(config));
  const exitCode = await runCommand(app, command, print);
  await app.close();
  process.exit(exitCode);
}

function readPassword(): string {
  const password = readFileSync(0, 'utf8').replace(/\r?\n$/, '');
  if (password) return password;
  throw new Error('no password on standard input');
}

function buildProgram(): Command {
  const program = new Command('factorgate').description('GraphQL identity gateway').version(VERSION);
  program
    .command('serve')
    .description('start the gateway')
    .action(() => serve(process.env));
  program
    .command('migrate')
    .description('bring the database schema up to date (MIGRATION_DATABASE_URL or DATABASE_URL)')
    .action(async () => {
      const { url, migrationUrl } = loadConfig(settingsSlices, process.env).of(databaseSettings);
      if (!url && !migrationUrl)
        throw new Error('DATABASE_URL is not set: the embedded database migrates itself');
      const source = await dataSource(features, { url: migrationUrl ?? url, poolSize: 2 }).initialize();
      const ran = await migrate(source);
      print(ran.length > 0 ? ran.map((name) => `ran ${name}`).join('\n') : 'nothing to do');
      await source.destroy();
    });

  const keys = program.command('keys').description('keys of the gateway');
  keys
    .command('new')
    .description('print a fresh KEYRING line')
    .action(() => print(`KEYRING=${newKeyringLine(systemChance)}`));
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
    .action((email: string, { role }: { role: string }) =>
      perform(['user', 'create', email, role.toUpperCase(), readPassword()]),
    );
  program
    .command('audit')
    .description('audit log')
    .command('verify')
    .description('check the seals over the whole log')
    .action(() => perform(['audit', 'verify']));
  program
    .command('seed')
    .description('example data')
    .command('demo')
    .description('make the demo users, outside production')
    .action(async () => {
      const config = loadConfig(settingsSlices, process.env);
      if (config.isProduction) throw new Error('there are no demo users in production');
      const app = await createApp(await openInfrastructure(config));
      print(
        (await seedDemo(app.accounts, config.of(usersSettings).demoPassword)).join('\n') ||
          'all there already',
      );
      await app.close();
    });
  program
    .command('generate')
    .description('print schema.graphql, .env.example and docs/reference from the code')
    .option('--check', 'only say what would change, and fail if anything would')
    .action(({ check }: { check?: boolean }) => process.exit(generate(check ?? false, print)));
  program.command('prepare-data <file>', { hidden: true }).action(async (file: string) => {
    writeFileSync(file, await prepareData());
    process.exit(0);
  });
  registerDeviceCommands(program);
  registerTotpCommand(program);
  return program;
}

buildProgram().parseAsync().catch(reportAndExit);
