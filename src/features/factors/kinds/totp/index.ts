/** The kind TOTP: authenticator apps, RFC 6238. */
import { z } from 'zod';
import { CodeChallenge, CodeFormat, defineFactorKind } from '../../contract';
import { TotpSecret1767225606000 } from './migrations/1767225606000-totp-secret';
import { TotpOffset1767225619000 } from './migrations/1767225619000-totp-offset';
import { TOTP } from './totp';
import { totpSettings } from './totp.config';
import { TotpDriver } from './totp.driver';
import { TotpFactorResolver, TotpSetup, TotpSetupResolver } from './totp.graphql';
import { TotpPortability } from './totp-portability.driver';
import { readDrift } from './totp.store';
import { TotpSecretEntity } from './totp-secret.entity';

export const totp = defineFactorKind({
  kind: 'TOTP',
  description: 'Authenticator app (RFC 6238).',
  traits: {
    amr: ['otp'],
    answeredBy: 'client',
    isPhishingResistant: false,
    isGuessable: true,
    limitPerUser: 5,
    preference: 30,
    proofField: 'code',
    startLimits: [],
  },
  settings: [totpSettings],
  // Blanks and hyphens are how people group digits; nothing else is forgiven, and other digits are no digits.
  proof: z
    .string()
    .max(64)
    .transform((text) => text.replace(/[ -]/g, ''))
    .pipe(z.string().regex(/^[0-9]{6}$/, 'The code has six digits.')),
  entities: [TotpSecretEntity],
  migrations: [TotpSecret1767225606000, TotpOffset1767225619000],
  graphql: {
    challenge: (view) => CodeChallenge.from(view, TOTP.digits, CodeFormat.NUMERIC),
    setupType: TotpSetup,
    setup: (view) => TotpSetup.from(view),
    resolvers: [TotpSetupResolver, TotpFactorResolver],
    orphanedTypes: [CodeChallenge],
  },
  create: (deps) => {
    const issuer = deps.config.of(totpSettings).issuer ?? deps.gatewayName;
    const driver = new TotpDriver(deps.sql, deps.keyring, deps.chance, deps.log, issuer);
    return {
      driver,
      portability: new TotpPortability(deps.keyring, driver, issuer),
      clockDriftSeconds: (factorId) => readDrift(deps.sql, factorId),
      resync: (factor, codes) => driver.resync(factor, codes),
      resolvers: [new TotpSetupResolver(), new TotpFactorResolver(deps.sql)],
    };
  },
});
