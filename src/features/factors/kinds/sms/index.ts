/**
 * The kind SMS: a code sent to a proven phone number. It is a restricted authenticator (NIST SP 800-63B §3.2.9): never
 * offered before a better one, off where no country is listed, and guarded against toll fraud by limits that are
 * charged before anything is sent.
 */
import { openChannels } from '../../../../delivery';
import { CodeChallenge, CodeFormat, CodeSetup, SentCodes, defineFactorKind, typedCode } from '../../contract';
import { SmsNumber1767225614000 } from './migrations/1767225614000-sms-number';
import { DEMO_COUNTRIES, smsSettings } from './sms.config';
import { SMS_DIGITS, SmsDriver } from './sms.driver';
import { SmsPortability } from './sms-portability.driver';
import { SmsNumberEntity } from './sms-number.entity';
import { removeNumber } from './sms-number.store';
import { SmsSends } from './sms-sends.service';
import { SmsTrafficEntity } from './sms-traffic.entity';
import { sweepTraffic } from './sms-traffic.store';

export const sms = defineFactorKind({
  kind: 'SMS',
  description:
    'Code sent by SMS. A restricted authenticator (NIST SP 800-63B §3.2.9): never offered before a better factor.',
  traits: {
    amr: ['sms', 'mca'],
    answeredBy: 'client',
    isPhishingResistant: false,
    isGuessable: true,
    isSent: true,
    limitPerUser: 3,
    preference: 20,
    isRestricted: true,
    proofField: 'code',
    startLimits: [],
  },
  settings: [smsSettings],
  proof: typedCode(SMS_DIGITS),
  entities: [SmsNumberEntity, SmsTrafficEntity],
  migrations: [SmsNumber1767225614000],
  graphql: {
    challenge: (view) => CodeChallenge.from(view, SMS_DIGITS, CodeFormat.NUMERIC),
    setupType: CodeSetup,
    setup: (view) => CodeSetup.from(view),
    resolvers: [],
    orphanedTypes: [CodeChallenge],
  },
  create: ({ config, sql, keyring, clock, chance, log, publicUrl, gatewayName, chargeUse }) => {
    const settings = config.of(smsSettings);
    const countries = settings.countries ?? (config.isProduction ? [] : DEMO_COUNTRIES);
    const driver = new SmsDriver(
      sql,
      keyring,
      clock,
      log,
      new SentCodes(keyring, chance),
      new SmsSends(sql, keyring, chargeUse, log, {
        daily: settings.dailyBudget,
        perCountry: settings.countryDailyBudget,
      }),
      { countries, codeSeconds: settings.codeSeconds, gatewayName, host: new URL(publicUrl).hostname },
    );
    return {
      driver,
      portability: new SmsPortability(keyring, driver, countries),
      isEnabled: countries.length > 0 && openChannels(config).has('sms'),
      resolvers: [],
      reach: (from, userId) => driver.reach(from, userId),
      used: (tx, kept) => driver.used(tx, kept),
      removed: async (tx, factorId) => void (await removeNumber(tx, factorId)),
      sweep: () => sweepTraffic(sql),
    };
  },
});
