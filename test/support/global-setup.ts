import { join } from 'node:path';
import { startPostgres } from './postgres';
import { startRedis } from './redis';
import { findPrograms } from './server-process';

/** What the teardown must stop. Jest runs both files in one process and shares nothing else between them. */
export const STARTED = Symbol.for('factorgate.test.started');
export interface Started {
  [STARTED]?: { stop(): Promise<void> }[];
}

/**
 * Once per run: starts PostgreSQL and Redis and looks for a browser, and says what was found. What is missing fails
 * the run where CI is set, and leaves out the suites that need it elsewhere.
 */
export default async function setup(): Promise<void> {
  if (process.env['FACTORGATE_UNIT'])
    return void say('FACTORGATE_UNIT is set: only suites without servers and browser run.');
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  (globalThis as Started)[STARTED] = [postgres, redis].filter((server) => server !== undefined);
  const missing = [
    offer('TEST_POSTGRES_URL', 'PostgreSQL', postgres?.url, 'the suites "on servers"'),
    offer('TEST_REDIS_URL', 'Redis', redis?.url, 'the suites "on servers"'),
    offer('TEST_CHROMIUM', 'Chromium', findChromium(), 'the suites in test/browser'),
  ].filter((what) => what !== undefined);
  if (process.env['CI'] && missing.length > 0) {
    await Promise.all([postgres?.stop(), redis?.stop()]);
    throw new Error(`CI is set, and not found: ${missing.join(', ')}`);
  }
}

/** Tells the test processes where it is, and the reader what follows; gives the name of what is missing. */
function offer(
  variable: string,
  what: string,
  where: string | undefined,
  suites: string,
): string | undefined {
  if (where === undefined) {
    say(`${what}: not found, so ${suites} do not run.`);
    return what;
  }
  process.env[variable] = where;
  say(`${what}: ${where}`);
  return undefined;
}

function findChromium(): string | undefined {
  for (const name of ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']) {
    const folder = findPrograms([name], ['/usr/bin']);
    if (folder !== undefined) return join(folder, name);
  }
  return undefined;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
