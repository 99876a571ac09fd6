import type { Command } from 'commander';
import { generate } from 'otplib';
import { z } from 'zod';
import { unixSeconds } from '../kernel';
import { systemClock } from '../platform';

const ALGORITHMS = { SHA1: 'sha1', SHA256: 'sha256', SHA512: 'sha512' } as const;

const parameters = z.object({
  secret: z.string().regex(/^[A-Z2-7]{26,}=*$/, 'must be base32, of at least 128 bits (RFC 4226 §4)'),
  algorithm: z.enum(['SHA1', 'SHA256', 'SHA512']).default('SHA1'),
  digits: z.coerce
    .number()
    .pipe(z.union([z.literal(6), z.literal(7), z.literal(8)]))
    .default(6),
  period: z.coerce.number().int().min(1).max(600).default(30),
});

export interface OtpauthUri {
  readonly secret: string;
  readonly algorithm: keyof typeof ALGORITHMS;
  readonly digits: 6 | 7 | 8;
  readonly periodSeconds: number;
}

/** Reads `otpauth://totp/…`, the link in the QR code; what is left out has the values that apps assume. */
export function parseOtpauth(uri: string): OtpauthUri {
  const link = URL.canParse(uri) ? new URL(uri) : undefined;
  if (link?.protocol !== 'otpauth:' || link.host !== 'totp')
    throw new Error('it begins with otpauth://totp/');
  const given = [...link.searchParams].map(([name, value]) => [name, value.toUpperCase()] as const);
  const parsed = parameters.safeParse(Object.fromEntries(given));
  if (parsed.success) {
    const { secret, algorithm, digits, period } = parsed.data;
    return { secret, algorithm, digits, periodSeconds: period };
  }
  // Only the rule is told, never the value: that may be the secret.
  throw new Error(parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
}

/** The code of an instant, and for how many more seconds an app would show it (RFC 6238 §4.2). */
export async function codeAt(factor: OtpauthUri, now: Date): Promise<{ code: string; secondsLeft: number }> {
  const { secret, digits, periodSeconds: period } = factor;
  const epoch = unixSeconds(now);
  const code = await generate({ secret, digits, period, epoch, algorithm: ALGORITHMS[factor.algorithm] });
  return { code, secondsLeft: period - (epoch % period) };
}

/** Adds `factorgate totp <otpauth-uri>`: an authenticator app in the terminal. */
export function registerTotpCommand(program: Command): void {
  program
    .command('totp <otpauth-uri>')
    .description('print the present code of an authenticator app')
    .option('--watch', 'print each new code, until Ctrl-C')
    .action(async (uri: string, options: { readonly watch?: boolean }, command: Command) => {
      const factor = readOr(uri, (why) => command.error(`This is no authenticator link: ${why}`));
      for (;;) {
        const { code, secondsLeft } = await codeAt(factor, systemClock.now());
        command.configureOutput().writeOut?.(`${code}  (${String(secondsLeft)} s left)\n`);
        if (!options.watch) return;
        await pause(secondsLeft * 1000);
      }
    });
}

function readOr(uri: string, refuse: (why: string) => never): OtpauthUri {
  try {
    return parseOtpauth(uri);
  } catch (error) {
    return refuse((error as Error).message);
  }
}

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));
