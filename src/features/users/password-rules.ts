import { Refusal } from '../../kernel';
import { isPasswordSized } from './password-hasher';

/** Who is to have the password: what an attacker would try first. */
export interface PasswordOwner {
  readonly email: string;
  readonly displayName?: string | null;
}

/** How guessable a password is. */
export interface PasswordRating {
  /** It is on the list of common passwords, as it is or under a tail of digits and signs. */
  readonly isCommon: boolean;
  /** How many guesses somebody needs who begins with what people choose. */
  readonly guesses: number;
  /** What makes it weak, in words for its owner. */
  readonly hint: string | null;
}

export interface PasswordRater {
  rate(password: string, personal: readonly string[]): Promise<PasswordRating>;
}

/** Whether a password is known from a breach; where that cannot be asked it counts as unknown. */
export interface BreachedPasswords {
  has(password: string): Promise<boolean>;
}

export interface PasswordDemands {
  readonly minimumLength: number;
  readonly gatewayName: string;
}

/** The score 3 of zxcvbn. Compared without its rounding, which would refuse any eight characters whatever. */
const GUESSES_MIN = 1e8;
/** What stands behind them can only make a password harder to guess, and the cost of rating grows with the length. */
const RATED_CHARACTERS_MAX = 64;
const PERSONAL_WORDS_MAX = 24;
const PERSONAL_WORD_LENGTH_MIN = 3;
const PRODUCT = 'factorgate';

/**
 * What every new password must fulfil, whichever way it comes in: long enough, and neither common, guessable, personal
 * nor breached (NIST SP 800-63B §3.1.1.2). There are no rules about kinds of characters.
 */
export class PasswordRules {
  constructor(
    private readonly demands: PasswordDemands,
    private readonly rater: PasswordRater,
    private readonly breached: BreachedPasswords | undefined,
  ) {}

  /** Refuses with INVALID_INPUT (too long), WEAK_PASSWORD or BREACHED_PASSWORD at `path`. */
  async check(password: string, about: PasswordOwner, path: readonly string[]): Promise<void> {
    if (!isPasswordSized(password))
      throw new Refusal('INVALID_INPUT', { path, message: 'This is too long.' });
    const weak = (message: string): Refusal => new Refusal('WEAK_PASSWORD', { path, message });
    const normal = password.normalize('NFKC');
    const { minimumLength, gatewayName } = this.demands;
    if ([...normal].length < minimumLength)
      throw weak(`Please use at least ${String(minimumLength)} characters.`);
    const personal = personalWords(about, gatewayName);
    if (personal.includes(stem(normal)))
      throw weak('Please do not use your name, your e-mail address or the name of this service.');
    const rated = [...normal].slice(0, RATED_CHARACTERS_MAX).join('');
    const { isCommon, guesses, hint } = await this.rater.rate(rated, personal);
    if (isCommon) throw weak('This is one of the most common passwords. Please choose another one.');
    if (guesses < GUESSES_MIN)
      throw weak(
        `${hint ?? 'This is easy to guess.'} A few words that have nothing to do with each other are better.`,
      );
    if (await this.breached?.has(normal)) throw new Refusal('BREACHED_PASSWORD', { path });
  }
}

/** The password in lower case, without the digits and signs that people add to a word to make it pass. */
export const stem = (password: string): string =>
  password
    .toLowerCase()
    .replace(/^[\p{N}\p{P}\p{Z}\p{Sc}\p{Sk}\p{Sm}]+|[\p{N}\p{P}\p{Z}\p{Sc}\p{Sk}\p{Sm}]+$/gu, '');

/** Address, its parts, the name and the name of the gateway, in lower case, the whole ones first. */
function personalWords({ email, displayName }: PasswordOwner, gatewayName: string): string[] {
  const whole = [email, email.slice(0, email.lastIndexOf('@')), displayName ?? '', gatewayName, PRODUCT].map(
    (text) => text.normalize('NFKC').trim().toLowerCase(),
  );
  const parts = whole.flatMap((text) => text.split(/[^\p{Letter}\p{Number}]+/u));
  const words = [...whole, ...whole.map(stem), ...parts].filter(
    (word) => word.length >= PERSONAL_WORD_LENGTH_MIN,
  );
  return [...new Set(words)].slice(0, PERSONAL_WORDS_MAX);
}
