import { languageOf, render, type Message, type Outbox, type Rendered } from '../../delivery';
import { Refusal, type ClientContext, type Clock } from '../../kernel';
import type { Keyring, Log, Sql } from '../../platform';
import type { RecordedEntry } from '../events';
import type { Address, FactorKindAtWork } from '../factors';
import { LIMITS, type Limits, type WindowRule } from '../limits';
import { REPORTED_TO_ADMINISTRATORS, noticeOf, type Notice } from './notice-texts';
import { reportTokenOf } from './report-token';

const ADMINISTRATORS_MAX = 20;

export interface NoticeDeps {
  readonly kinds: ReadonlyMap<string, FactorKindAtWork<never>>;
  readonly outbox: Outbox;
  readonly limits: Limits;
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly log: Log;
  readonly publicUrl: string;
  readonly gatewayName: string;
}

/**
 * Tells users what happened to their accounts, on every verified channel, with a link to object. Each notice is written
 * with the audit entry that it tells of, in the same transaction: no change without its notice.
 */
export class Notices {
  constructor(private readonly deps: NoticeDeps) {}

  async announce(sql: Sql, entries: readonly RecordedEntry[]): Promise<void> {
    for (const entry of entries) {
      const notice = entry.userId ? noticeOf(entry) : undefined;
      if (notice && entry.userId) await this.tell(sql, entry, entry.userId, notice);
    }
  }

  /** Mails the administrators where somebody who may act on others reported an act on their account; says whether it did. */
  async tellAdministrators(
    sql: Sql,
    { userId, context }: { readonly userId: string; readonly context: ClientContext | null },
  ): Promise<boolean> {
    const people = await sql.rows<{ email: string; locale: string | null; reported: string }>(
      `SELECT a.email, a.locale, u.email AS reported FROM users u, users a
       WHERE u.id = $1 AND u.roles && ARRAY['HELP_DESK', 'ADMIN'] AND a.id <> u.id AND 'ADMIN' = ANY (a.roles)
         AND a.status = 'ACTIVE' AND a.email_verified_at IS NOT NULL
       ORDER BY a.id LIMIT ${String(ADMINISTRATORS_MAX)}`,
      [userId],
    );
    const messages = people.map(({ email, locale, reported }): Message => {
      const [subject, sentence] = REPORTED_TO_ADMINISTRATORS[languageOf(locale)];
      const values = { ...this.values(context), subject, sentence: sentence.replace('{email}', reported) };
      return { channel: 'email', to: email, ...render('notice', locale, values) };
    });
    await this.deps.outbox.add(sql, messages);
    return messages.length > 0;
  }

  private async tell(sql: Sql, entry: RecordedEntry, userId: string, notice: Notice): Promise<void> {
    if (notice.isRare && !(await this.isDue(sql, LIMITS.abandonedNotices, userId))) return;
    await this.tellAll(sql, userId, notice.isSentBySms, (locale) => this.rendered(entry, notice, locale));
  }

  /** Says something on every verified channel of a user, in their language. */
  async tellAll(
    sql: Sql,
    userId: string,
    isSentBySms: boolean,
    renderedIn: (locale: string | null) => Readonly<Record<Address['channel'], Rendered>>,
  ): Promise<void> {
    const user = await sql.row<{ email: string; locale: string | null; isVerified: boolean }>(
      'SELECT email, locale, email_verified_at IS NOT NULL AS is_verified FROM users WHERE id = $1',
      [userId],
    );
    if (!user) return;
    const addresses: Address[] = user.isVerified ? [{ channel: 'email', to: user.email }] : [];
    for (const kind of this.deps.kinds.values()) addresses.push(...((await kind.reach?.(sql, userId)) ?? []));
    const rendered = renderedIn(user.locale);
    const wanted = distinct(addresses).filter(({ channel }) => channel === 'email' || isSentBySms);
    const isTextDue =
      wanted.some(({ channel }) => channel === 'sms') && (await this.isDue(sql, LIMITS.smsNotices, userId));
    const messages = wanted
      .filter(({ channel }) => channel === 'email' || isTextDue)
      .map((address): Message => ({ ...address, ...rendered[address.channel] }));
    await this.deps.outbox.add(sql, messages);
  }

  private rendered(entry: RecordedEntry, notice: Notice, locale: string | null) {
    const { publicUrl, keyring, gatewayName } = this.deps;
    const [subject, sentence] = notice.texts[languageOf(locale)];
    const link = `${publicUrl}/report?token=${encodeURIComponent(reportTokenOf(keyring, entry.id))}`;
    // Where somebody else was who did it, such as an agent, is not told.
    const isOwn = entry.actorId == null || entry.actorId === entry.userId;
    const values = { ...this.values(isOwn ? entry.context : null), subject, sentence, link };
    return {
      email: render('notice', locale, values),
      sms: { subject, text: `${gatewayName}: ${sentence} ${link}` },
    };
  }

  private values(context: ClientContext | null | undefined) {
    const { gatewayName, clock } = this.deps;
    return {
      app: gatewayName,
      when: clock.now().toISOString().replace('T', ' ').slice(0, 16) + ' UTC',
      where: [context?.browser, context?.operatingSystem, context?.location ?? context?.ipAddress]
        .filter(Boolean)
        .join(', '),
    };
  }

  private async isDue(sql: Sql, rule: WindowRule, userId: string): Promise<boolean> {
    try {
      await this.deps.limits.chargeUse(rule, userId, sql);
      return true;
    } catch (error) {
      if (error instanceof Refusal) return false;
      throw error;
    }
  }
}

/** The account's address may be a factor as well: it is told once. */
const distinct = (addresses: readonly Address[]): Address[] => [
  ...new Map(
    addresses.map((address) => [`${address.channel} ${address.to.toLowerCase()}`, address]),
  ).values(),
];
