import { within, type Log } from '../../platform';
import type { BreachedPasswords } from './password-rules';

const WAIT_MS = 5000;

/**
 * Asks a service of the Pwned Passwords range API, which learns the first five hexadecimal digits of the SHA-1 and no
 * more. Its answers are padded, so that their size tells nothing either. Where it cannot be asked the password passes:
 * somebody else's outage is no reason to turn people away.
 */
export class PwnedPasswords implements BreachedPasswords {
  constructor(
    private readonly endpoint: string,
    private readonly log: Log,
  ) {}

  async has(password: string): Promise<boolean> {
    try {
      const { pwnedPassword } = await import('hibp');
      const options = { baseUrl: this.endpoint, addPadding: true, userAgent: 'factorgate' };
      return (await within(WAIT_MS, (signal) => pwnedPassword(password, { ...options, signal }))) > 0;
    } catch (error) {
      // Its name only: the message may hold the address that was asked, and with it a part of the hash.
      const reason = error instanceof Error ? error.name : 'unknown';
      this.log.warn({ reason }, 'breached passwords could not be asked; the new password was accepted');
      return false;
    }
  }
}
