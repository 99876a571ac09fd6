import { languageOf, type Language } from '../../delivery';
import { escapeHtml, page, type FormReply, type FormRoute, type PageContent } from '../../platform';
import type { Accounts } from '../account';
import { LIMITS, type Limits } from '../limits';
import { isLive, type RecoveryNow } from './recovery';
import type { RecoveryRequests } from './recovery-requests.service';

/** The page behind the link that stops a recovery. Looking changes nothing, since mail scanners follow links; the button acts. */
export function cancelRoute(
  requests: RecoveryRequests,
  accounts: Accounts,
  limits: Limits,
  gatewayName: string,
): FormRoute {
  const reply = (status: number, language: Language, title: string, body: string): FormReply => {
    const content: PageContent = {
      language,
      title: `${title} – ${gatewayName}`,
      body: `<p class="brand">${escapeHtml(gatewayName)}</p><h1>${escapeHtml(title)}</h1>${body}`,
    };
    return { status, html: page(content) };
  };
  const unknown = (): FormReply =>
    reply(404, 'en', TEXTS.en.unknownTitle, `<p>${escapeHtml(TEXTS.en.unknown)}</p>`);
  const languageFor = async ({ userId }: RecoveryNow): Promise<Language> =>
    languageOf((await accounts.find(userId))?.locale ?? null);
  const stood = (request: RecoveryNow, language: Language): FormReply => {
    const texts = TEXTS[language];
    const said = request.status === 'CANCELED' ? texts.stopped : texts.over;
    return reply(
      200,
      language,
      texts.doneTitle,
      `<p>${escapeHtml(said)}</p><p>${escapeHtml(texts.next)}</p>`,
    );
  };
  return {
    path: '/recovery/cancel',
    async show({ fields }) {
      const token = fields['token'] ?? '';
      const request = await requests.byToken(token);
      if (!request) return unknown();
      const language = await languageFor(request);
      if (!isLive(request)) return stood(request, language);
      const texts = TEXTS[language];
      const body = `<p>${escapeHtml(texts.question)}</p>
        <form method="post"><input type="hidden" name="token" value="${escapeHtml(token)}">
        <button>${escapeHtml(texts.button)}</button></form><p class="quiet">${escapeHtml(texts.close)}</p>`;
      return reply(200, language, texts.title, body);
    },
    async act({ fields, client, addressKey }) {
      await limits.chargeUse(LIMITS.reportsByAddress, addressKey);
      const token = fields['token'] ?? '';
      if (!(await requests.byToken(token))) return unknown();
      const request = await requests.cancelByToken(token, client);
      return stood(request, await languageFor(request));
    },
  };
}

interface Texts {
  readonly title: string;
  readonly question: string;
  readonly button: string;
  readonly close: string;
  readonly doneTitle: string;
  readonly stopped: string;
  readonly over: string;
  readonly next: string;
  readonly unknownTitle: string;
  readonly unknown: string;
}

const TEXTS: Readonly<Record<Language, Texts>> = {
  en: {
    title: 'Stop the recovery?',
    question:
      'Somebody asked to recover your account without your second step. Nothing happens before you press the button.',
    button: 'Stop the recovery',
    close: 'If you asked for it, just close this page.',
    doneTitle: 'Recovery',
    stopped: 'The recovery is stopped. Nothing about your account was changed.',
    over: 'This recovery is over already.',
    next: 'If you did not ask for it, somebody knows your password: please change it.',
    unknownTitle: 'This link does not work',
    unknown: 'It is incomplete. To be safe, sign in and look at your account.',
  },
  de: {
    title: 'Wiederherstellung aufhalten?',
    question:
      'Jemand will Ihr Konto ohne Ihren zweiten Schritt wiederherstellen. Vor dem Drücken des Knopfes geschieht nichts.',
    button: 'Wiederherstellung aufhalten',
    close: 'Wenn Sie das waren, schließen Sie einfach diese Seite.',
    doneTitle: 'Wiederherstellung',
    stopped: 'Die Wiederherstellung ist aufgehalten. An Ihrem Konto wurde nichts geändert.',
    over: 'Diese Wiederherstellung ist schon vorbei.',
    next: 'Wenn Sie das nicht waren, kennt jemand Ihr Passwort: Bitte ändern Sie es.',
    unknownTitle: 'Dieser Link gilt nicht',
    unknown: 'Er ist unvollständig.',
  },
};
