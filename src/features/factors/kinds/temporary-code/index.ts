/**
 * The kind TEMPORARY_CODE: one code that a person has allowed after checking who asks, told or sent to somebody who has lost
 * every other factor. It proves a user at one sign-in, which then must enroll a factor; alone it opens no session. Only a
 * keyed hash of it is kept.
 */
import { z } from 'zod';
import { CodeChallenge, CodeFormat, canonical, defineFactorKind } from '../../contract';
import { TemporaryCode1767225630000 } from './migrations/1767225630000-temporary-code';
import { TemporaryCodeDriver, keptLength } from './temporary-code.driver';
import { TemporaryCodeEntity } from './temporary-code.entity';

export const temporaryCode = defineFactorKind({
  kind: 'TEMPORARY_CODE',
  description: 'Single-use code issued by the help desk.',
  traits: {
    amr: [],
    answeredBy: 'client',
    isPhishingResistant: false,
    // With 80 bits or more there is nothing to guess, and it must work where wrong guesses have disabled all else.
    isGuessable: false,
    limitPerUser: 1,
    preference: -1,
    isTemporary: true,
    proofField: 'code',
    startLimits: [],
  },
  settings: [],
  proof: z
    .string()
    .max(64)
    .regex(/^[\x20-\x7e]*$/, 'Only letters and digits.')
    .transform(canonical)
    .refine(
      (text) => /^(?:[0-9A-HJKMNP-TV-Z]{4}){4,7}$/.test(text),
      'The code looks like XXXX-XXXX-XXXX-XXXX.',
    ),
  entities: [TemporaryCodeEntity],
  migrations: [TemporaryCode1767225630000],
  graphql: {
    challenge: (view) => CodeChallenge.from(view, keptLength(view.kept), CodeFormat.ALPHANUMERIC),
    resolvers: [],
    orphanedTypes: [],
  },
  create: ({ sql, keyring, chance }) => {
    const driver = new TemporaryCodeDriver(sql, keyring, chance);
    return { driver, resolvers: [], temporaryCodes: driver };
  },
});
