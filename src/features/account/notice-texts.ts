import type { Language } from '../../delivery';
import type { AuditEntry } from '../events';

type Texts = Readonly<Record<Language, readonly [subject: string, sentence: string]>>;

/** Why factors were removed: the notice of the recovery tells of them all at once. */
export const BY_RECOVERY = 'with a recovery';

/** Why backup codes were made: the notice of the first factor tells of them. */
export const FIRST_SET = 'with the first factor';

/** Why a factor was removed: the notice of the reset tells of it. */
export const BY_RESET = 'reset by the help desk';

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
  TEMPORARY_CODE: { en: 'a temporary code', de: 'ein vorläufiger Code' },
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
  if (type === 'SIGN_OUT') return entry.actorId === entry.userId ? undefined : SIGNED_OUT;
  if (type === 'FACTOR_REMOVED' && reason === BY_RESET) return undefined;
  if (type === 'FACTOR_REMOVED' && reason === BY_RECOVERY) return undefined;
  // Sent by the gateway itself with a recovery, which has its own messages.
  if (type === 'TEMPORARY_CODE_ISSUED' && !entry.actorId) return undefined;
  if (type === 'RECOVERY_DECIDED') return outcome === 'FAILURE' ? RECOVERY_DENIED : undefined;
  if (type === 'FACTOR_REMOVED') {
    return both({
      en: ['A way to sign in was removed', `Removed from your account: ${kindIn(factorKind, 'en')}.`],
      de: ['Anmeldeweg entfernt', `Aus Ihrem Konto entfernt: ${kindIn(factorKind, 'de')}.`],
    });
  }
  if (type === 'BACKUP_CODES_GENERATED' && reason === FIRST_SET) return undefined;
  if (type === 'ACTIVITY_REPORTED') return ofReport(entry.details);
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

const RECOVERY_DENIED = mailed({
  en: ['The recovery was denied', 'The help desk denied the recovery of your account. Nothing was changed.'],
  de: [
    'Wiederherstellung abgelehnt',
    'Der Helpdesk hat die Wiederherstellung Ihres Kontos abgelehnt. Nichts wurde geändert.',
  ],
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

const SIGNED_OUT = mailed({
  en: ['You were signed out everywhere', 'The help desk ended all your sessions.'],
  de: ['Überall abgemeldet', 'Der Helpdesk hat alle Ihre Sitzungen beendet.'],
});

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
  RECOVERY_CANCELED: mailed({
    en: ['The recovery was stopped', 'The recovery of your account was stopped. Nothing was changed.'],
    de: [
      'Wiederherstellung aufgehalten',
      'Die Wiederherstellung Ihres Kontos wurde aufgehalten. Nichts wurde geändert.',
    ],
  }),
  RECOVERY_COMPLETED: both({
    en: [
      'Your account was recovered',
      'All earlier ways to sign in, backup codes, remembered browsers and sessions were removed, and a new way was added.',
    ],
    de: [
      'Konto wiederhergestellt',
      'Alle früheren Anmeldewege, Backup-Codes, gemerkten Browser und Sitzungen wurden entfernt, und ein neuer Weg kam hinzu.',
    ],
  }),
  TEMPORARY_CODE_ISSUED: both({
    en: [
      'A temporary code was issued',
      'The help desk issued a temporary code for your account. It works once, together with your password.',
    ],
    de: [
      'Vorläufiger Code ausgegeben',
      'Der Helpdesk hat einen vorläufigen Code für Ihr Konto ausgegeben. Er gilt einmal, zusammen mit Ihrem Passwort.',
    ],
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
  USER_LOCKED: both({
    en: [
      'Your account was locked',
      'Your account was locked by the help desk. Nobody can sign in to it now.',
    ],
    de: ['Konto gesperrt', 'Ihr Konto wurde vom Helpdesk gesperrt. Niemand kann sich jetzt anmelden.'],
  }),
  USER_UNLOCKED: both({
    en: ['Your account was unlocked', 'The help desk unlocked your account: you can sign in again.'],
    de: ['Konto entsperrt', 'Der Helpdesk hat Ihr Konto entsperrt: Sie können sich wieder anmelden.'],
  }),
  USER_DELETED: both({
    en: ['Your account was deleted', 'An administrator deleted your account with everything in it.'],
    de: ['Konto gelöscht', 'Ein Administrator hat Ihr Konto mit allem, was dazugehört, gelöscht.'],
  }),
  ROLES_CHANGED: mailed({
    en: ['What you may do was changed', 'An administrator changed the roles of your account.'],
    de: ['Ihre Rechte wurden geändert', 'Ein Administrator hat die Rollen Ihres Kontos geändert.'],
  }),
  FACTORS_RESET: both({
    en: [
      'Your ways to sign in were taken away',
      'The help desk removed ways to confirm your sign-ins from your account. If you did not ask for this, tell us at once.',
    ],
    de: [
      'Anmeldewege entfernt',
      'Der Helpdesk hat Wege zum Bestätigen Ihrer Anmeldungen entfernt. Wenn Sie das nicht wollten, melden Sie es sofort.',
    ],
  }),
  CALLER_CHECK_STARTED: mailed({
    en: [
      'The help desk checked who is calling',
      'Somebody called the help desk in your name and was asked to prove it.',
    ],
    de: [
      'Der Helpdesk hat einen Anruf geprüft',
      'Jemand hat in Ihrem Namen beim Helpdesk angerufen und sollte es beweisen.',
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
};

function ofReport(details: object | null | undefined): Notice {
  const password = (details as { readonly password?: string } | null | undefined)?.password;
  const next = NEXT_PASSWORD[password ?? ''] ?? { en: '', de: '' };
  return mailed({
    en: [
      'Thank you for telling us',
      `You told us that something was not you. What it began was ended.${next.en}`,
    ],
    de: [
      'Danke für die Meldung',
      `Sie haben gemeldet, dass Sie etwas nicht waren. Was damit begann, wurde beendet.${next.de}`,
    ],
  });
}

const NEXT_PASSWORD: Readonly<Record<string, Readonly<Record<Language, string>>>> = {
  'next sign-in': {
    en: ' Somebody else may know your password: your next sign-in asks you for a new one.',
    de: ' Vielleicht kennt jemand Ihr Passwort: Ihre nächste Anmeldung verlangt ein neues.',
  },
  'reset by mail': {
    en: ' Somebody else may know your password, so it works no more: please set a new one by “forgot password”.',
    de: ' Vielleicht kennt jemand Ihr Passwort, darum gilt es nicht mehr: Bitte setzen Sie über „Passwort vergessen“ ein neues.',
  },
};

/** To administrators, about somebody who may act on others. */
export const REPORTED_TO_ADMINISTRATORS: Texts = {
  en: [
    'An account with a role was reported',
    'Somebody with a role at this service said that something on their account was not them: {email}. What it began was ended. Please look at their security events.',
  ],
  de: [
    'Konto mit einer Rolle gemeldet',
    'Jemand mit einer Rolle bei diesem Dienst hat gemeldet, etwas am eigenen Konto nicht gewesen zu sein: {email}. Was damit begann, wurde beendet. Bitte sehen Sie die Sicherheitsereignisse an.',
  ],
};
