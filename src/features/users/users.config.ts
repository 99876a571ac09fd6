import { z } from 'zod';
import { defineSettings, setting } from '../../kernel';

export const usersSettings = defineSettings('users', {
  passwordMinimumLength: setting({
    env: 'PASSWORD_MINIMUM_LENGTH',
    about:
      'How many characters a password must have: 15 where it may be the only factor, 8 where a second one is always asked (NIST SP 800-63B §3.1.1.2).',
    example: '8',
    schema: z.coerce.number().int().min(8).max(64).default(15),
  }),
  breachedPasswords: setting({
    env: 'BREACHED_PASSWORDS',
    about:
      'Whether new passwords are looked up in the Pwned Passwords service: `online`, or `off`. It learns five digits of a hash, never the password; the list of common passwords needs no network.',
    example: 'online',
    schema: z.enum(['off', 'online']).default('off'),
  }),
  breachedPasswordsEndpoint: setting({
    env: 'BREACHED_PASSWORDS_ENDPOINT',
    about: 'Where to look them up: the service itself, or a mirror of your own that speaks its range API.',
    example: 'https://pwned.example.com',
    schema: z
      .url({ protocol: /^https?$/, error: 'must be an http(s) URL' })
      .transform((url) => url.replace(/\/+$/, ''))
      .default('https://api.pwnedpasswords.com'),
  }),
  hashesInParallel: setting({
    env: 'PASSWORD_HASHES_IN_PARALLEL',
    about: 'How many password hashes one process computes at a time; each takes 19 MiB and a thread.',
    example: '2',
    schema: z.coerce.number().int().min(1).max(64).default(2),
  }),
  demoPassword: setting({
    env: 'DEMO_PASSWORD',
    about: 'The password of the demo users, which exist outside production only.',
    example: 'correct-horse-battery-staple',
    isSecret: true,
    schema: z.string().min(8).default('correct-horse-battery-staple'),
    refuseInProduction: (_, given) => (given ? 'there are no demo users in production' : undefined),
  }),
});
