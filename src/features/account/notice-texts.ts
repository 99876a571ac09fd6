import type { Language } from '../../delivery';
import type { AuditEntry } from '../events';

type Texts = Readonly<Record<Language, readonly [subject: string, sentence: string]>>;

/** Why backup codes were made: the notice of the first factor tells of them. */
export const FIRST_SET = 'with the first factor';

export interface Notice {
  readonly texts: Texts;
  /** Whether it also goes to phone numbers: for what changes who can get in. */
  readonly isSentBySms: boolean;
  /** Sent at most once in ten minutes. */
  readonly isRare?: boolean;
}

const KINDS: Readonly<Record<string, Readonly<Record<Language, string>>>> = {
  TOTP: { en: 'an authenticator app', de: 'eine Authenticator-App' },
  PUSH: { en: 'a phone that approves sign-ins', de: 'ein Telefon, das Anmeldungen bestätigt' },
  SMS: { en: 'a phone number for codes', de: 'eine Telefonnummer für Codes' },
  EMAIL: { en: 'an e-mail address for codes', de: 'eine E-Mail-Adresse für Codes' },
  BACKUP_CODE: { en: 'a set of backup codes', de: 'ein Satz Backup-Codes' },
};

const kindIn = (kind: string | null | undefined, language: Language): string =>
  KINDS[kind ?? '']?.[language] ?? (language === 'de' ? 'ein Anmeldeweg' : 'a way to sign in');

const both = (texts: Texts): Notice => ({ texts, isSentBySms: true });
const mailed = (texts: Texts, isRare = false): Notice => ({ texts, isSentBySms: false, isRare });

/** What a user is told of an event that concerns their account; undefined where there is nothing to tell. */
export function noticeOf(entry: AuditEntry): Notice | undefined {
  const { type, outcome, factorKind, reason } = entry;
  if (type === 'CHALLENGE_ANSWERED') return ofAnswer(outcome === 'SUCCESS', factorKind, reason ?? '');
  if (type === 'SIGN_IN_COMPLETED' && outcome === 'FAILURE') return ABANDONED;
  if (type === 'FACTOR_ENROLLED') {
    return both({
      en: ['A way to sign in was added', `Added to your account: ${kindIn(factorKind, 'en')}.`],
      de: ['Anmeldeweg hinzugefügt', `Zu Ihrem Konto hinzugefügt: ${kindIn(factorKind, 'de')}.`],
    });
  }
  if (type === 'FACTOR_REMOVED') {
    return both({
      en: ['A way to sign in was removed', `Removed from your account: ${kindIn(factorKind, 'en')}.`],
      de: ['Anmeldeweg entfernt', `Aus Ihrem Konto entfernt: ${kindIn(factorKind, 'de')}.`],
    });
  }
  if (type === 'BACKUP_CODES_GENERATED' && reason === FIRST_SET) return undefined;
  if (type === 'DEVICE_REMEMBERED') return remembered(reason ?? '');
  return outcome === 'SUCCESS' || ALARMS.includes(type) ? PLAIN[type] : undefined;
}

/** Recorded as failures, and told: somebody else may have been at it. */
const ALARMS: readonly AuditEntry['type'][] = ['APPROVAL_REPORTED', 'TOKEN_REUSE_DETECTED'];

function ofAnswer(isRight: boolean, kind: string | null | undefined, reason: string): Notice | undefined {
  if (isRight && kind === 'BACKUP_CODE') {
    const left = /^codes left: (\d+)$/.exec(reason)?.[1] ?? '?';
    return both({
      en: ['A backup code was used', `A backup code was used to sign in. Codes left: ${left}.`],
      de: ['Backup-Code benutzt', `Mit einem Backup-Code wurde angemeldet. Noch übrig: ${left}.`],
    });
  }
  return !isRight && reason === 'replay' ? REPLAY : undefined;
}

function remembered(reason: string): Notice {
  const days = /^for (\d+) days$/.exec(reason)?.[1] ?? '?';
  return mailed({
    en: [
      'A browser is remembered',
      `After a sign-in with a second step, a browser or app asked to be remembered. Days without the second step there: ${days}.`,
    ],
    de: [
      'Browser gemerkt',
      `Nach einer Anmeldung mit zweitem Schritt hat ein Browser oder eine App verlangt, gemerkt zu werden. Tage ohne zweiten Schritt dort: ${days}.`,
    ],
  });
}

const REPLAY = mailed({
  en: ['A code was tried twice', 'A code that had been used already was tried again. It was refused.'],
  de: ['Code zweimal versucht', 'Ein schon benutzter Code wurde noch einmal versucht und abgelehnt.'],
});

const ABANDONED = mailed(
  {
    en: [
      'A sign-in was not finished',
      'Somebody entered your password and did not pass the second step. If this was not you, change your password.',
    ],
    de: [
      'Anmeldung nicht beendet',
      'Jemand hat Ihr Passwort eingegeben und den zweiten Schritt nicht bestanden. Waren Sie das nicht, ändern Sie bitte Ihr Passwort.',
    ],
  },
  true,
);

const PLAIN: Partial<Record<AuditEntry['type'], Notice>> = {
  PASSWORD_CHANGED: both({
    en: ['Your password was changed', 'The password of your account was changed.'],
    de: ['Passwort geändert', 'Das Passwort Ihres Kontos wurde geändert.'],
  }),
  EMAIL_CHANGED: both({
    en: ['Your e-mail address was changed', 'Your account now has another e-mail address.'],
    de: ['E-Mail-Adresse geändert', 'Ihr Konto hat jetzt eine andere E-Mail-Adresse.'],
  }),
  BACKUP_CODES_GENERATED: both({
    en: ['New backup codes', 'New backup codes were made. Earlier ones work no more.'],
    de: ['Neue Backup-Codes', 'Es wurden neue Backup-Codes erzeugt. Frühere gelten nicht mehr.'],
  }),
  ENROLLMENT_EXTENDED: mailed({
    en: [
      'More time to set up a second step',
      'An administrator gave you more time to add a way to confirm your sign-ins.',
    ],
    de: [
      'Mehr Zeit für den zweiten Schritt',
      'Sie haben mehr Zeit bekommen, einen Weg zum Bestätigen Ihrer Anmeldungen einzurichten.',
    ],
  }),
  APPROVAL_REPORTED: both({
    en: [
      'A sign-in was reported',
      'A sign-in was reported from your phone as not yours and was stopped. Somebody may know your password: please change it.',
    ],
    de: [
      'Anmeldung gemeldet',
      'Eine Anmeldung wurde an Ihrem Telefon als fremd gemeldet und beendet. Vielleicht kennt jemand Ihr Passwort: Bitte ändern Sie es.',
    ],
  }),
  TOKEN_REUSE_DETECTED: mailed({
    en: ['A session was ended', 'A session of yours was used from two places and was ended.'],
    de: ['Sitzung beendet', 'Eine Ihrer Sitzungen wurde an zwei Orten benutzt und beendet.'],
  }),
  ACTIVITY_REPORTED: mailed({
    en: ['Thank you for telling us', 'You told us that something was not you. What it began was ended.'],
    de: [
      'Danke für die Meldung',
      'Sie haben gemeldet, dass Sie etwas nicht waren. Was damit begann, wurde beendet.',
    ],
  }),
};
