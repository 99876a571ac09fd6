import { languageOf, render, type Language, type Message, type Outbox } from '../../delivery';
import type { Clock } from '../../kernel';
import type { Sql } from '../../platform';
import type { WebhookEndpoint } from '../events';

const TOLD_MAX = 50;

const PARKED: Readonly<
  Record<Language, (host: string, why: string, id: string) => readonly [string, string]>
> = {
  en: (host, why, id) => [
    'A webhook was parked',
    `Events are no longer sent to ${host} (${why}). They wait until somebody runs: factorgate webhooks resume ${id}`,
  ],
  de: (host, why, id) => [
    'Ein Webhook wurde angehalten',
    `An ${host} werden keine Ereignisse mehr gesendet (${why}). Sie warten, bis jemand aufruft: factorgate webhooks resume ${id}`,
  ],
};

/** Tells administrators by e-mail what needs their hands, in the transaction that decides it. */
export class AdministratorNotices {
  constructor(
    private readonly outbox: Outbox,
    private readonly gatewayName: string,
    private readonly clock: Clock,
  ) {}

  async webhookParked(sql: Sql, endpoint: WebhookEndpoint, why: string): Promise<void> {
    const administrators = await sql.rows<{ email: string; locale: string | null }>(
      `SELECT email, locale FROM users WHERE 'ADMIN' = ANY (roles) AND status = 'ACTIVE' AND email_verified_at IS NOT NULL
       ORDER BY id LIMIT ${String(TOLD_MAX)}`,
    );
    const { host } = new URL(endpoint.url);
    const messages = administrators.map(({ email, locale }): Message => {
      const [subject, sentence] = PARKED[languageOf(locale)](host, why, endpoint.id);
      const when = this.clock.now().toISOString().replace('T', ' ').slice(0, 16) + ' UTC';
      const rendered = render('notice', locale, { app: this.gatewayName, subject, sentence, when });
      return { channel: 'email', to: email, ...rendered };
    });
    await this.outbox.add(sql, messages);
  }
}
