import 'reflect-metadata';
import { readFileSync, writeFileSync } from 'node:fs';
import { createApp } from '../app';
import { runCommand } from '../commands';
import { features, settingsSlices } from '../features';
import { parsePolicyFile, policySummary } from '../features/policy';
import { openInfrastructure, prepareData } from '../infrastructure';
import { loadConfig } from '../config';
import type { Config } from '../kernel';
import {
  askHolder,
  createLog,
  dataSource,
  databaseSettings,
  migrate,
  newKeyringLine,
  systemChance,
  telemetrySettings,
  type Log,
} from '../platform';

type Print = (line: string) => void;

/** Runs a command in the gateway that holds the embedded database, or else on an app made for it. */
export async function perform(command: string[], print: Print): Promise<void> {
  const config = loadConfig(settingsSlices, process.env);
  const { url, dataDir } = config.of(databaseSettings);
  const held = url ? undefined : await askHolder(dataDir, command, print);
  if (held !== undefined) {
    process.exitCode = held;
    return;
  }
  const app = await createApp(await openInfrastructure(config, logToError(config)));
  process.exitCode = await runCommand(app, command, print);
  await app.close();
}

/** The same for work of many commands: the app that is made where no gateway holds the database is made once. */
export async function onGateway(
  work: (run: (command: string[], print: (line: string) => void) => Promise<number>) => Promise<void>,
): Promise<void> {
  const config = loadConfig(settingsSlices, process.env);
  const { url, dataDir } = config.of(databaseSettings);
  const isHeld = !url && (await askHolder(dataDir, ['keys', 'list'], () => undefined)) !== undefined;
  if (isHeld) {
    await work(async (command, print) => {
      const exit = await askHolder(dataDir, command, print);
      if (exit === undefined) throw new Error('the gateway stopped meanwhile');
      return exit;
    });
    return;
  }
  const app = await createApp(await openInfrastructure(config, logToError(config)));
  try {
    await work((command, print) => runCommand(app, command, print));
  } finally {
    await app.close();
  }
}

export async function migrateSchema(print: Print): Promise<void> {
  const { url, migrationUrl } = loadConfig(settingsSlices, process.env).of(databaseSettings);
  if (!url && !migrationUrl)
    throw new Error('DATABASE_URL is not set: the embedded database migrates itself');
  const [owner, application] = [roleOf(migrationUrl), roleOf(url)];
  const migratesFor = owner !== undefined && application !== owner ? application : '';
  const source = await dataSource(features, {
    url: migrationUrl ?? url,
    poolSize: 2,
    migratesFor: migratesFor ?? '',
  }).initialize();
  const ran = await migrate(source);
  print(ran.length > 0 ? ran.map((name) => `ran ${name}`).join('\n') : 'nothing to do');
  await source.destroy();
}

export const newKeyring = (print: Print): void => print(`KEYRING=${newKeyringLine(systemChance)}`);

/** What a command prints may go to a file, and must not be mixed with the log. */
const logToError = (config: Config): Log => createLog(config.of(telemetrySettings).logLevel, process.stderr);

/** The role that an address signs in as. */
const roleOf = (url: string | undefined): string | undefined =>
  url === undefined ? undefined : decodeURIComponent(new URL(url).username) || undefined;

/** The first line of standard input: a password on the command line would stay in the shell's history. */
export function passwordFromInput(): string {
  const [password = ''] = readFileSync(0, 'utf8').split(/\r?\n/);
  if (password) return password;
  throw new Error('no password on standard input');
}

/** Says what a policy file demands, or prints its faults as `file:line:column: text`. */
export function checkPolicyFile(file: string, print: Print): void {
  const text = policyText(file, print);
  const parsed = text === undefined ? undefined : parsePolicyFile(text);
  if (!parsed || 'faults' in parsed) return;
  print('valid');
  for (const sentence of policySummary(parsed.values)) print(sentence);
}

/** The text of a policy file without faults: it is read here, since a running gateway may not see the file. */
export function policyText(file: string, print: Print): string | undefined {
  const text = readFileSync(file, 'utf8');
  const parsed = parsePolicyFile(text);
  if (!('faults' in parsed)) return text;
  for (const fault of parsed.faults) print(`${file}:${fault}`);
  process.exitCode = 1;
  return undefined;
}

/** Writes the database that first starts begin from. */
export async function prepare(file: string): Promise<void> {
  writeFileSync(file, await prepareData());
}
