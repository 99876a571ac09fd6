/**
 * The kind EMAIL: a code sent to an address. As a factor it is off unless the policy names it: e-mail is no authenticator
 * under NIST SP 800-63B. Proving an address at sign-up, reset and change goes through here in any case.
 */
import { openChannels } from '../../../../delivery';
import {
  CodeChallenge,
  CodeFormat,
  CodeSetup,
  SentCodes,
  defineFactorKind,
  typedCode,
  type KeptCode,
} from '../../contract';
import { ADDRESS_DIGITS, AddressCodes } from './address-codes.service';
import { emailSettings } from './email.config';
import { EMAIL_DIGITS, EmailDriver } from './email.driver';
import { EmailPortability } from './email-portability.driver';
import { EmailAddressEntity } from './email-address.entity';
import { removeAddress } from './email-address.store';
import { EmailAddress1767225615000 } from './migrations/1767225615000-email-address';

export const email = defineFactorKind({
  kind: 'EMAIL',
  description:
    'Code sent by e-mail. Off by default: e-mail is no authenticator under NIST SP 800-63B §3.1.3.1.',
  traits: {
    amr: ['email'],
    answeredBy: 'client',
    isPhishingResistant: false,
    isGuessable: true,
    isSent: true,
    limitPerUser: 3,
    preference: 15,
    isRestricted: true,
    isOffByDefault: true,
    proofField: 'code',
    startLimits: [],
  },
  settings: [emailSettings],
  proof: typedCode(EMAIL_DIGITS, ADDRESS_DIGITS),
  entities: [EmailAddressEntity],
  migrations: [EmailAddress1767225615000],
  graphql: {
    challenge: (view) => CodeChallenge.from(view, (view.kept as KeptCode).digits, CodeFormat.NUMERIC),
    setupType: CodeSetup,
    setup: (view) => CodeSetup.from(view),
    resolvers: [],
    orphanedTypes: [CodeChallenge],
  },
  create: ({ config, sql, keyring, clock, chance, log, publicUrl, gatewayName, chargeUse }) => {
    const { codeSeconds } = config.of(emailSettings);
    const codes = new SentCodes(keyring, chance);
    const host = new URL(publicUrl).hostname;
    const options = { codeSeconds, gatewayName, host };
    const driver = new EmailDriver(sql, keyring, clock, log, codes, chargeUse, options);
    return {
      driver,
      portability: new EmailPortability(keyring, driver),
      isEnabled: openChannels(config).has('email'),
      resolvers: [],
      addresses: new AddressCodes(keyring, clock, codes, chargeUse, gatewayName, host),
      reach: (from, userId) => driver.reach(from, userId),
      removed: async (tx, factorId) => void (await removeAddress(tx, factorId)),
    };
  },
});
