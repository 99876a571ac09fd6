import { hostname } from 'node:os';
import { join } from 'node:path';
import { Option, type Command } from 'commander';
import { systemClock } from '../../platform';
import { readDeviceState, writeDeviceState } from './device-state';
import { approvalText, outcomeText } from './device-text';
import { DeviceError } from './device-error';
import { TerminalDevice, type ApprovalDecision } from './terminal-device';

interface Options {
  readonly state?: string;
  readonly dataDir: string;
}
interface PairOptions extends Options {
  readonly name: string;
  readonly algorithm: 'ES256' | 'EdDSA';
  readonly replace?: boolean;
}

/** Adds `factorgate device …`: a phone to try push with, or for a machine without one. */
export function registerDeviceCommands(program: Command): void {
  const device = program
    .command('device')
    .description('a phone in the terminal: pair it, then answer sign-ins')
    .option('--state <file>', 'where the key pair is kept (default: terminal-device.json in DATA_DIR)')
    .addOption(new Option('--data-dir <folder>').env('DATA_DIR').default('./data').hideHelp());
  device
    .command('pair <uri>')
    .description('register this terminal by the link of the QR code, factorgate://pair?…')
    .option('--name <name>', 'what the login page calls it', `Terminal on ${hostname()}`.slice(0, 60))
    .addOption(new Option('--algorithm <name>', 'how it signs').choices(['ES256', 'EdDSA']).default('ES256'))
    .option('--replace', 'forget the device that the file holds')
    .action((uri: string, _: unknown, command: Command) => run(command, () => pair(command, uri)));
  device
    .command('watch')
    .description('show each request as it comes, until Ctrl-C')
    .action((_: unknown, command: Command) => run(command, () => watch(command)));
  device
    .command('list')
    .description('show what waits for an answer')
    .action((_: unknown, command: Command) => run(command, () => list(command)));
  device
    .command('approve <number>')
    .description('approve the newest request with the number that the login page shows')
    .action((number: string, _: unknown, command: Command) =>
      run(command, () => answer(command, 'APPROVE', number)),
    );
  device
    .command('deny')
    .description('deny the newest request')
    .action((_: unknown, command: Command) => run(command, () => answer(command, 'DENY')));
  device
    .command('report')
    .description('say that the newest request is not yours: ends that sign-in')
    .action((_: unknown, command: Command) => run(command, () => answer(command, 'REPORT')));
}

async function pair(command: Command, uri: string): Promise<void> {
  const { name, algorithm, replace } = command.optsWithGlobals<PairOptions>();
  const file = stateFile(command);
  if (!replace && readDeviceState(file)) {
    return command.error(`${file} holds a device already: use --state for another file, or --replace.`);
  }
  const paired = await TerminalDevice.pair(uri, { name, algorithm });
  writeDeviceState(file, paired.snapshot());
  say(command, `Paired as "${paired.name}" (${paired.id}). The key is in ${file}.`);
}

async function list(command: Command): Promise<void> {
  const waiting = await storedDevice(command).approvals();
  if (waiting.length === 0) say(command, 'Nothing is waiting.');
  for (const asked of waiting) say(command, approvalText(asked, systemClock.now()));
}

async function watch(command: Command): Promise<void> {
  const device = storedDevice(command);
  const stopped = new AbortController();
  const stream = device.follow(
    (asked) => say(command, `\n${approvalText(asked, systemClock.now())}\n  ${ANSWERS}`),
    (isConnected) => {
      if (isConnected) say(command, `"${device.name}" is waiting for requests …`);
      else if (!stopped.signal.aborted) say(command, 'The gateway is away: connecting again …');
    },
  );
  process.once('SIGINT', () => {
    stopped.abort();
    stream.stop();
  });
  await stream.ended;
  if (!stopped.signal.aborted) command.error('The gateway ended the stream: is this device still enrolled?');
}

const ANSWERS = 'answer with: factorgate device approve <number> | deny | report';

async function answer(command: Command, decision: ApprovalDecision, number?: string): Promise<void> {
  const device = storedDevice(command);
  const newest = (await device.approvals()).at(-1);
  if (!newest) return command.error('Nothing is waiting for an answer: the request may have expired.');
  const { isDone, text } = outcomeText(decision, await device.respond(newest, decision, number?.trim()));
  if (isDone) say(command, text);
  else command.error(text);
}

function storedDevice(command: Command): TerminalDevice {
  const file = stateFile(command);
  const state = readDeviceState(file);
  return state
    ? new TerminalDevice(state)
    : command.error(`${file} does not exist: run factorgate device pair <uri> first.`);
}

const stateFile = (command: Command): string => {
  const { state, dataDir } = command.optsWithGlobals<Options>();
  return state ?? join(dataDir, 'terminal-device.json');
};

const say = (command: Command, text: string): void => command.configureOutput().writeOut?.(`${text}\n`);

/** What the gateway refuses is told in one line; anything else is a fault of ours and keeps its stack. */
async function run(command: Command, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    const isUnknown = error.code === 'UNAUTHENTICATED';
    command.error(isUnknown ? 'The gateway does not know this device: pair it again.' : error.message);
  }
}
