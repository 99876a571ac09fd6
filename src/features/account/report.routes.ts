import { languageOf, type Language } from '../../delivery';
import { seconds } from '../../kernel';
import { escapeHtml, page, type FormRoute, type PageContent } from '../../platform';
import { LIMITS, type Limits } from '../limits';
import type { ReportAction, ReportedEvent, Reports } from './reports.service';

/** The page behind the link of a notice. Looking changes nothing, since mail scanners follow links; the button acts. */
export function reportRoute(reports: Reports, limits: Limits, gatewayName: string): FormRoute {
  const content = (language: Language, title: string, body: string): PageContent => ({
    language,
    title: `${title} – ${gatewayName}`,
    body: `<p class="brand">${escapeHtml(gatewayName)}</p><h1>${escapeHtml(title)}</h1>${body}`,
  });
  const unknown = (): PageContent =>
    content('en', TEXTS.en.unknownTitle, `<p>${escapeHtml(TEXTS.en.unknown)}</p>`);
  return {
    path: '/report',
    async show({ fields }) {
      const event = await reports.byToken(fields['token'] ?? '');
      if (!event) return { status: 404, html: page(unknown()) };
      const language = languageOf(event.locale);
      const texts = TEXTS[language];
      const body = `<p>${escapeHtml(texts.question)}</p>${facts(event, language)}
        <form method="post"><input type="hidden" name="token" value="${escapeHtml(fields['token'] ?? '')}">
        <button>${escapeHtml(texts.button)}</button></form><p class="quiet">${escapeHtml(texts.close)}</p>`;
      return { status: 200, html: page(content(language, texts.title, body)) };
    },
    async act({ fields, client, addressKey }) {
      await limits.chargeUse(LIMITS.reportsByAddress, addressKey);
      const event = await reports.byToken(fields['token'] ?? '');
      if (!event) return { status: 404, html: page(unknown()) };
      const texts = TEXTS[languageOf(event.locale)];
      const actions = await reports.report(event, client);
      const done = actions.length > 0 ? actions.map((action) => texts.actions[action]) : [texts.nothing];
      const list = done.map((line) => `<li>${escapeHtml(line)}</li>`).join('');
      const body = `<p>${escapeHtml(texts.thanks)}</p><ul>${list}</ul><p>${escapeHtml(texts.next)}</p>`;
      return { status: 200, html: page(content(languageOf(event.locale), texts.doneTitle, body)) };
    },
  };
}

function facts({ occurredAt, context }: ReportedEvent, language: Language): string {
  const minute = new Date(Math.floor(occurredAt.getTime() / seconds(60)) * seconds(60));
  const when = `${minute.toISOString().replace('T', ' ').slice(0, 16)} UTC`;
  const where = [context?.browser, context?.operatingSystem, context?.location ?? context?.ipAddress];
  const { whenLabel, whereLabel } = TEXTS[language];
  const line = (label: string, text: string) =>
    text ? `<dt>${escapeHtml(label)}</dt><dd>${escapeHtml(text)}</dd>` : '';
  return `<dl>${line(whenLabel, when)}${line(whereLabel, where.filter(Boolean).join(', '))}</dl>`;
}

interface Texts {
  readonly title: string;
  readonly question: string;
  readonly button: string;
  readonly close: string;
  readonly whenLabel: string;
  readonly whereLabel: string;
  readonly doneTitle: string;
  readonly thanks: string;
  readonly nothing: string;
  readonly next: string;
  readonly unknownTitle: string;
  readonly unknown: string;
  readonly actions: Readonly<Record<ReportAction, string>>;
}

const TEXTS: Readonly<Record<Language, Texts>> = {
  en: {
    title: 'Was this not you?',
    question: 'Tell us, and we end what was begun with it. Nothing happens before you press the button.',
    button: 'This was not me',
    close: 'If it was you, just close this page.',
    whenLabel: 'When',
    whereLabel: 'Where',
    doneTitle: 'Thank you',
    thanks: 'This is what we did:',
    nothing: 'There was nothing left to end.',
    next: 'Please sign in, change your password, and check your ways to sign in.',
    unknownTitle: 'This link does not work',
    unknown: 'It is incomplete or too old. To be safe, sign in and look at your account.',
    actions: {
      FLOW_ENDED: 'The sign-in was stopped.',
      SESSIONS_REVOKED: 'The session was signed out.',
      DEVICES_FORGOTTEN: 'Every browser and app is asked for the second step again.',
      PUSH_MUTED: 'Your phone will not be asked for 20 minutes.',
      RECOVERY_CANCELED: 'The attempt to recover your account was stopped.',
      PASSWORD_CHANGE_REQUIRED:
        'Your password lets nobody in any more. Please set a new one: at your next sign-in, or by “forgot password”.',
      ADMINISTRATORS_TOLD: 'The administrators were told.',
    },
  },
  de: {
    title: 'Waren Sie das nicht?',
    question:
      'Sagen Sie es uns, und wir beenden, was damit begann. Vor dem Drücken des Knopfes geschieht nichts.',
    button: 'Das war ich nicht',
    close: 'Wenn Sie es waren, schließen Sie einfach diese Seite.',
    whenLabel: 'Wann',
    whereLabel: 'Wo',
    doneTitle: 'Danke',
    thanks: 'Das haben wir getan:',
    nothing: 'Es gab nichts mehr zu beenden.',
    next: 'Bitte melden Sie sich an, ändern Sie Ihr Passwort und prüfen Sie Ihre Anmeldewege.',
    unknownTitle: 'Dieser Link gilt nicht',
    unknown: 'Er ist unvollständig oder zu alt.',
    actions: {
      FLOW_ENDED: 'Die Anmeldung wurde beendet.',
      SESSIONS_REVOKED: 'Die Sitzung wurde abgemeldet.',
      DEVICES_FORGOTTEN: 'Jeder Browser und jede App wird wieder nach dem zweiten Schritt gefragt.',
      PUSH_MUTED: 'Ihr Telefon wird 20 Minuten lang nicht gefragt.',
      RECOVERY_CANCELED: 'Der Versuch, Ihr Konto wiederherzustellen, wurde beendet.',
      PASSWORD_CHANGE_REQUIRED:
        'Ihr Passwort lässt niemanden mehr ein. Bitte setzen Sie ein neues: bei der nächsten Anmeldung oder über „Passwort vergessen“.',
      ADMINISTRATORS_TOLD: 'Die Administratoren wurden benachrichtigt.',
    },
  },
};
